import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { SERVICE_NAME, SERVICE_VERSION } from '#config';
import { ApiProblems } from '#contract';
import { Public } from '#rbac';
import { Health } from './health.js';

class StatusResponse {
  @ApiProperty({ description: 'Whether it serves.', example: 'online' })
  status!: string;
  @ApiProperty({ description: 'Name of the service.', example: SERVICE_NAME })
  service!: string;
  @ApiProperty({ description: 'Its version.', example: '0.1.0' })
  version!: string;
  @ApiProperty({ description: 'Where to read on.', example: 'The documentation is at /docs.' })
  message!: string;
}

class HealthResponse {
  @ApiProperty({ description: 'The whole.', example: 'healthy' })
  status!: string;
  @ApiProperty({ description: 'The store.', example: 'connected' })
  database!: string;
  @ApiProperty({ description: 'The API.', example: 'operational' })
  api!: string;
}

@ApiTags('service')
@Controller()
@Public()
export class ServiceController {
  constructor(private readonly health: Health) {}

  @Get()
  @ApiOperation({ summary: 'Say what this is' })
  @ApiOkResponse({ type: StatusResponse, description: 'Name and version.' })
  status(): StatusResponse {
    return {
      status: 'online',
      service: SERVICE_NAME,
      version: SERVICE_VERSION,
      message: 'The documentation is at /docs.',
    };
  }

  @Get('health')
  @ApiOperation({ summary: 'Say whether requests can be served' })
  @ApiOkResponse({ type: HealthResponse, description: 'Ready.' })
  @ApiProblems(503)
  async getHealth(): Promise<HealthResponse> {
    await this.health.check();
    return { status: 'healthy', database: 'connected', api: 'operational' };
  }
}
