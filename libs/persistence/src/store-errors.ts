import { DomainError, StoreUnavailable } from '#kernel';

/** SQLite result codes that mean "not now" and not "not so". */
const SQLITE_OPERATIONAL =
  /SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|CORRUPT|NOMEM|NOTADB|MISUSE|PROTOCOL)/;
/**
 * PostgreSQL classes 08 connection, 40 rollback, 53 resources, 57 intervention, 58 system error; and a server that
 * became read-only, a transaction that was idle for too long, a lock that did not come.
 */
const POSTGRES_OPERATIONAL = /^(08|40|53|57|58|25006|25P03|55P03)/;
const SOCKET_OPERATIONAL = /^(ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)/;

/** What the drivers say, without a code, when a connection was lost before or between statements. */
const CONNECTION_LOST =
  /Connection terminated|connection timeout|timeout exceeded|Query read timeout|is not queryable|is not established|Query runner already released|after calling end/i;

/** The error as services should see it: operational troubles as {@link StoreUnavailable}, all others unchanged. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  return isOperational(error) ? new StoreUnavailable(error) : error;
}

function isOperational(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const driverError = (error as { driverError?: unknown }).driverError ?? error;
  const { code = '', message = '' } = driverError as { code?: unknown; message?: string };
  const text = typeof code === 'string' ? code : '';
  return (
    SQLITE_OPERATIONAL.test(`${text} ${message}`) ||
    POSTGRES_OPERATIONAL.test(text) ||
    SOCKET_OPERATIONAL.test(text) ||
    CONNECTION_LOST.test(message)
  );
}
