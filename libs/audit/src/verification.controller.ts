import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '#contract';
import { RequirePermission } from '#rbac';
import { toVerificationResponse, VerificationResponse } from './dto/verification.response.js';
import { VerificationService } from './verify/verification.service.js';

@ApiTags('audit')
@Controller('audit/verify')
export class VerificationController {
  constructor(private readonly verification: VerificationService) {}

  @Post()
  @HttpCode(202)
  @RequirePermission('audit:prove')
  @ApiOperation({
    summary: 'Begin to verify the log',
    description:
      'Recomputes every entry and compares it with the stored hashes, the sealed segments, the head and the stored checkpoints, ' +
      'in the background. One at a time: while one runs, this answers with that one. What an owner of the database rewrote as a ' +
      'whole is shown only by checkpoints that are kept elsewhere; the command line takes those.',
  })
  @ApiAcceptedResponse({ type: VerificationResponse, description: 'The run, as it stands.' })
  start(): VerificationResponse {
    return toVerificationResponse(this.verification.start());
  }

  @Get()
  @RequirePermission('audit:prove')
  @ApiOperation({
    summary: 'Get the newest verification of the log',
    description: 'To be polled while it runs. Runs are not stored: after a restart there is none.',
  })
  @ApiOkResponse({ type: VerificationResponse, description: 'The run, as it stands.' })
  @ApiProblems(404)
  newest(): VerificationResponse {
    return toVerificationResponse(this.verification.newest());
  }
}
