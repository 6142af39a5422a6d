// @ts-check
/** Limit: a Nest GET that does no work. Decorators are applied by hand: this file is plain JavaScript. */
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { announce } from './announce.mjs';

class StatusController {
  status() {
    return { status: 'online' };
  }
}
const descriptor = Object.getOwnPropertyDescriptor(StatusController.prototype, 'status');
if (descriptor) Get()(StatusController.prototype, 'status', descriptor);
Controller()(StatusController);

class StatusModule {}
Module({ controllers: [StatusController] })(StatusModule);

const app = await NestFactory.create(StatusModule, { logger: false });
await app.listen(0, '127.0.0.1');
announce(app.getHttpServer());
