import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiPage, Ctx, sendPage } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { AlertsService } from './alerts.service.js';
import { AlertResponse, toAlertResponse } from './dto/alert.response.js';
import { AlertListQuery, toAlertFilter } from './dto/alerts.query.js';

@ApiTags('alerts')
@Controller('alerts')
export class AlertsController {
  constructor(private readonly alerts: AlertsService) {}

  @Get()
  @RequirePermission('audit:read')
  @ApiOperation({
    summary: 'List what was alerted to, newest first',
    description: 'By the rules of the section `alerts` of the policy. Each is an entry of the audit trail.',
  })
  @ApiPage(AlertResponse, 'Alerts by descending `seq`.')
  async list(
    @Ctx() ctx: OperationContext,
    @Query() query: AlertListQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AlertResponse[]> {
    const page = await this.alerts.list(ctx, toAlertFilter(query), query.page());
    return sendPage(response, query, page).map(toAlertResponse);
  }
}
