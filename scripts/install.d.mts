import type { SpawnSyncOptions } from 'node:child_process';

export declare const root: string;
export declare function run(command: string, parameters: string[], options?: SpawnSyncOptions): number;
export declare function requireNode(): void;
export declare function installPackages(): void;
export declare function portFrom(text: string | undefined): number;
