/** Loaded before every integration test file (`node --import`): runs the file inside namespaces of its own. */
import process from 'node:process';
import { insidePod, runAgainInsidePod } from './pod.ts';

const isTestFile = process.env['NODE_TEST_CONTEXT'] !== undefined;

if (isTestFile && !insidePod()) runAgainInsidePod();
