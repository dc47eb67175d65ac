-- Households of which hosts said that they are two, whatever they have in common; `one` is the lower id.
CREATE TABLE households_apart (
    one TEXT NOT NULL REFERENCES invitation (id),
    other TEXT NOT NULL REFERENCES invitation (id),
    PRIMARY KEY (one, other)
) CLUSTERED;
CREATE INDEX households_apart_by_other ON households_apart (other);
