//! Types of ids that modules for guests and modules for hosts both use.

platform::id!(OccasionId, "One occasion.");
platform::id!(EventId, "One event of an occasion.");
platform::id!(QuestionId, "One question of an occasion.");
platform::id!(InvitationId, "One invitation.");
platform::id!(GuestId, "One guest.");
