-- The inbox leaves out what somebody chose already. The votes that decided nothing yet have an act of their own; those in
-- somebody's place name that person.
CREATE INDEX acts_of_voters ON acts (connection, person_id) WHERE deed = 'voted';
CREATE INDEX votes_in_a_place ON votes (connection, stands_for) WHERE stands_for IS NOT NULL;
