-- What members answer when they ask for one of several times: for each time, the questions of its offer.
ALTER TABLE booking_request_slot ADD COLUMN answers TEXT NOT NULL DEFAULT '[]';
