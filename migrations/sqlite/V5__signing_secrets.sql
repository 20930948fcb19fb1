-- Signing secrets that the server has made. The conventions are those of V1.

-- The empty name is that of all callbacks of a tenant that bring no secret of their own. What was
-- `current` before the last rotation signs beside it until `previous_valid_until`. Both are
-- encrypted.
CREATE TABLE signing_secrets (
    tenant               TEXT NOT NULL,
    name                 TEXT NOT NULL,
    -- When `current` was made, which is when what is now `previous` was rotated away.
    created_at           INTEGER NOT NULL,
    previous_valid_until INTEGER CHECK ((previous_valid_until IS NULL) = (previous IS NULL)),
    current              BLOB NOT NULL,
    previous             BLOB,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
