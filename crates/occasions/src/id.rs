//! Types of ids that both guests' and hosts' modules use.

platform::id!(OccasionId, "One occasion.");
platform::id!(EventId, "One event of an occasion.");
platform::id!(QuestionId, "One question of an occasion.");
platform::id!(InvitationId, "One invitation.");
platform::id!(GuestId, "One guest.");
platform::id!(GiftId, "One item of a wish list.");
platform::id!(ReservationId, "One household's reservation of a gift.");
platform::id!(CashLinkId, "One way to give money.");
platform::id!(ReceivedGiftId, "One gift that hosts received.");
platform::id!(UploadId, "One picture or document of a household.");
platform::id!(OccasionPageId, "One page of an occasion.");
