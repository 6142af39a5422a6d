import { Global, Module } from '@nestjs/common';
import { AgentDirectory } from '#kernel';
import { AgentImportService } from './agent-import.service.js';
import { AgentsController } from './agents.controller.js';
import { AgentsQueries } from './agents.queries.js';
import { AgentsReadModel } from './agents.read-model.js';
import { AgentsRepository } from './agents.repository.js';
import { AgentsService } from './agents.service.js';
import { CachedAgentDirectory } from './cached-agent-directory.js';
import { RegistryChanges } from './registry-changes.js';

/** The registry without its HTTP side: other features resolve agents through it, the CLI changes it. */
@Global()
@Module({
  providers: [
    AgentsRepository,
    AgentsReadModel,
    AgentsService,
    AgentsQueries,
    AgentImportService,
    RegistryChanges,
    CachedAgentDirectory,
    { provide: AgentDirectory, useExisting: CachedAgentDirectory },
  ],
  exports: [AgentDirectory, AgentsService, AgentsQueries, AgentImportService],
})
export class AgentsModule {}

/** The registry over HTTP. */
@Module({ controllers: [AgentsController] })
export class AgentsHttpModule {}
