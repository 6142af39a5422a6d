import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/**
 * The words of the log's entries. On SQLite the index alone, without the words themselves; what is between its spaces is a
 * word, since its tokenizer takes all beyond ASCII for letters.
 */
export class CreateAuditText1795450000000 implements MigrationInterface {
  name = 'CreateAuditText1795450000000';

  async up(runner: QueryRunner): Promise<void> {
    const { dialect, int } = columnTypes(runner);
    const create = {
      sqlite: [
        `CREATE VIRTUAL TABLE audit_text USING fts5
          (words, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii')`,
      ],
      postgres: [
        `CREATE TABLE audit_text (entry ${int} PRIMARY KEY, words TSVECTOR NOT NULL)`,
        'CREATE INDEX audit_text_words ON audit_text USING GIN (words)',
      ],
    };
    await execute(runner, [...create[dialect], `INSERT INTO log_followers (name, seq) VALUES ('text', 0)`]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, [`DELETE FROM log_followers WHERE name = 'text'`, 'DROP TABLE audit_text']);
  }
}
