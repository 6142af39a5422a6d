import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import type { PolicyVersion } from '../policy-versions.repository.js';

const VERSION = {
  description: 'SHA-256 of the document, hex.',
  example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
};

export class PolicyVersionResponse {
  @ApiProperty(VERSION)
  version!: string;
  @ApiProperty({
    description: 'When it was last put in force, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  loaded_at!: string;
  @ApiProperty({ description: 'The principal that loaded it.', example: 'system' })
  loaded_by!: string;
}

export class PolicyReloadResponse {
  @ApiProperty(VERSION)
  version!: string;
  @ApiProperty({ ...VERSION, description: 'The version before; the same where the file had not changed.' })
  previous!: string;
}

export class PolicyDocumentResponse {
  @ApiProperty(VERSION)
  version!: string;
  @ApiProperty({ description: 'The document, YAML.', example: 'version: 1\n' })
  document!: string;
}

export function toPolicyVersionResponse({
  version,
  loadedAt,
  loadedBy,
}: PolicyVersion): PolicyVersionResponse {
  return { version, loaded_at: formatTime(loadedAt), loaded_by: loadedBy };
}
