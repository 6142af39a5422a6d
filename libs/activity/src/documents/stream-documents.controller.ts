import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '#rbac';
import { type AsyncApiDocument, buildAsyncApi } from './asyncapi.js';
import { buildStreamPage } from './stream-page.js';

/** What the stream sends and takes, for machines and for people; outside of the API's prefix, beside its other documents. */
@ApiExcludeController()
@Controller()
@Public()
export class StreamDocumentsController {
  private readonly document = buildAsyncApi();
  private readonly page = buildStreamPage();

  @Get('asyncapi.json')
  asyncApi(): AsyncApiDocument {
    return this.document;
  }

  @Get('docs/stream')
  @Header('Content-Type', 'text/html; charset=utf-8')
  streamPage(): string {
    return this.page;
  }
}
