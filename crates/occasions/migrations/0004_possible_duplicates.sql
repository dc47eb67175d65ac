-- Who gives a mail address and a telephone number is found by either.

-- A hash of name and telephone number, where `likeness` is of the mail address;
-- null: of answers that gave only one of both, or came before this column.
ALTER TABLE open_answer ADD COLUMN phone_likeness TEXT;
CREATE INDEX open_answer_by_phone_likeness ON open_answer (occasion, phone_likeness);
