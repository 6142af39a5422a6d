import type { ApiPropertyOptions } from '@nestjs/swagger';

/** Documents a member of an answer that holds a count for each of some names. */
export function countsProperty(description: string, example: Record<string, number>): ApiPropertyOptions {
  return { description, example, type: 'object', additionalProperties: { type: 'integer' } };
}
