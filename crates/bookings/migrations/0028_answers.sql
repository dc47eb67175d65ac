-- Criteria that are answered in words, and the answers.

ALTER TABLE criterion ADD COLUMN kind TEXT NOT NULL DEFAULT 'score';
-- By criterion, as JSON.
ALTER TABLE feedback ADD COLUMN answers TEXT NOT NULL DEFAULT '[]';
