//! Ids that both sides name, the guests' and the hosts'.

platform::id!(OccasionId, "One occasion.");
platform::id!(EventId, "One event of an occasion.");
platform::id!(QuestionId, "One question of an occasion.");
platform::id!(InvitationId, "One invitation.");
platform::id!(GuestId, "One guest.");
