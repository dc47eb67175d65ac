-- When the first job of each queue is due, without reading those that wait behind it. Statements
-- that do not exclude failed jobs go on using `job_due`, in whose order they take jobs.
CREATE INDEX job_due_at ON job (queue, due_at) WHERE state <> 'failed';
