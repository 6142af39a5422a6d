// @ts-check
/** Limit: Express with express.json(), the body written back. */
import express from 'express';
import { announce } from './announce.mjs';

const app = express();
app.use(express.json());
app.post('/', (request, response) => {
  response.json(request.body);
});
const server = app.listen(0, '127.0.0.1', () => announce(server));
