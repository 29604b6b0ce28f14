CREATE TABLE people (
    name text PRIMARY KEY CHECK (char_length(name) BETWEEN 1 AND 64),
    date_of_birth date NOT NULL
);
