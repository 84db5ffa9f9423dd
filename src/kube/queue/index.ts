export { workQueue, type Outcome, type Priority, type QueueOptions, type WorkQueue } from './queue.ts';
export { work, type WorkOptions } from './work.ts';
