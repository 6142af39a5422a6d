import { SetMetadata } from '@nestjs/common';

export const RECORDS_ITSELF = 'audit:records-itself';

/** The route leaves an entry of its own for each read, whatever `AUDIT_READS` says. */
export const RecordsItself = (): MethodDecorator => SetMetadata(RECORDS_ITSELF, true);
