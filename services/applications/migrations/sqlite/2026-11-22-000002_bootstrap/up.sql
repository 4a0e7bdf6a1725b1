-- Which applications bootstrap files made, so that a later file may take them back. One that was made anew under the same id
-- is another one.
CREATE TABLE bootstrap_made (
    id TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (id, created_at)
);
