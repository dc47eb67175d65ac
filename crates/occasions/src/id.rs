//! Ids that both the guests' and the hosts' side use.

platform::id!(OccasionId, "One occasion.");
platform::id!(EventId, "One event of an occasion.");
platform::id!(QuestionId, "One question of an occasion.");
platform::id!(InvitationId, "One invitation.");
platform::id!(GuestId, "One guest.");
platform::id!(OccasionPageId, "One page of an occasion.");
