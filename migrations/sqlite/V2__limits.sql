-- What programs may use, and more of how executions end. The conventions are those of V1.
--
-- In `specs` these columns are behind the code and the input, which may be long; whoever reads them
-- reads both of these as well. NULL is no limit.
ALTER TABLE specs ADD COLUMN memory_bytes INTEGER;
ALTER TABLE specs ADD COLUMN processes INTEGER;
ALTER TABLE specs ADD COLUMN cpu_time_ms INTEGER;
ALTER TABLE specs ADD COLUMN open_files INTEGER;
ALTER TABLE specs ADD COLUMN disk_bytes INTEGER;
ALTER TABLE specs ADD COLUMN on_output_limit TEXT NOT NULL DEFAULT 'truncate'
    CHECK (on_output_limit IN ('truncate', 'fail'));
-- Whatever was accepted before this was promised the network.
ALTER TABLE specs ADD COLUMN network INTEGER NOT NULL DEFAULT 1 CHECK (network IN (0, 1));

-- The memory or output limit that was exceeded; a limit of CPU time is in `limit_ms`.
ALTER TABLE executions ADD COLUMN limit_bytes INTEGER;
ALTER TABLE executions ADD COLUMN descendants_killed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN start TEXT CHECK (start IN ('cold', 'warm'));
