### Sending: what is to be sent, by which channel, and what stands in the way.

host-channel-whatsapp = WhatsApp
host-channel-sms = SMS
host-channel-email = Email
host-channel-paper = Paper
host-channel-other = Another way

host-send-home = Send
host-send-unsent = { $n ->
    [0] Every household has its invitation
    [one] { $n } household has no invitation yet
   *[other] { $n } households have no invitation yet
}
host-send-owing = { $n ->
    [0] No invited household still has to answer
    [one] { $n } household hasn’t answered
   *[other] { $n } households haven’t answered
}
host-send-unanswered = See who, and why
host-unanswered-unreached = Can’t reach them
host-unanswered-unsent = Not sent yet
host-unanswered-unopened = Not opened
host-unanswered-no-answer = Opened, no answer
host-unanswered-closed = Can’t answer now
host-unanswered-all = All
host-unanswered-reasons = Why they have not answered
host-send-owing-text = They have their invitation and have not answered everything, or said “not sure”.
host-send-invited-lately = { $n ->
    [one] { $n } of them was invited less than three days ago.
   *[other] { $n } of them were invited less than three days ago.
}
host-send-not-reminded = Not in this reminder, though something is unanswered: { $others }.
host-send-not-invited = { $n } without an invitation
host-send-too-late = { $n } who can no longer answer
host-send-who = See who
host-by-whatsapp = { $n } by WhatsApp
host-by-sms = { $n } by SMS
host-by-email = { $n } by email
host-by-paper = { $n } on paper
host-by-other = { $n } by another way
host-about-phone = One tap each, from your phone. We write the message.
host-about-email = All at once. We send it.
host-about-paper = No mobile number that we can read, no email. A card with a QR code.
host-send-printed = Printed on { $day }. Not handed over yet.
host-send-unthanked = { $n ->
    [one] { $n } household gave a gift and has not been thanked
   *[other] { $n } households gave a gift and have not been thanked
}
host-send-thanks-tick = The message names the gift and links to the pictures. It marks the gift as thanked in “Received gifts”.
host-send-start = Start
host-send-look = Look, then send
host-send-remind = Remind
host-send-remind-now = Remind now
host-send-over = I handed them over
host-send-handed-over = The printed cards are marked as handed over.
host-send-off = Off
host-send-order = We reach each household by the first of these that works: { $order }.
host-send-order-change = Change the order
host-send-order-saved = The order is changed.
host-send-first = Try first
host-send-last-reminded = Last reminded on { $day }
host-send-never-reminded = Last reminded: never
host-send-reminded = { $n } reminded in the last 24 hours
host-send-by-itself = Everybody with an email address is reminded automatically on { $days }.
host-send-nothing-by-itself = No reminder goes out by itself.
host-send-change = Change reminders
host-send-so-far = Sent so far
host-send-messages = All messages
host-so-far-sent = { $n } sent
host-so-far-opened = { $n } opened
host-so-far-answered = { $n } fully answered
host-so-far-queued = { $n } on the way
host-so-far-uncertain = { $n } maybe sent
host-so-far-came-back = { $n } came back
host-send-else = Something else
host-send-tell = Tell everybody something
host-send-thank = Say thank you
host-send-cards = Print cards and labels

host-by-neither = { $n ->
    [one] 1 household cannot be reached by WhatsApp, SMS or email
   *[other] { $n } households cannot be reached by WhatsApp, SMS or email
}
host-send-tell-about = For news such as where to park. The message goes by WhatsApp, SMS or email, to each household in one way.
host-send-thank-about = For everybody who said yes. It goes by WhatsApp, SMS or email, to each household in one way.
host-send-thank-early = Not everything is over yet. This message thanks guests for having been there, so send it afterwards.
host-send-changed-meanwhile = Somebody has changed this message meanwhile, so no new one was begun. Look at it first.
host-send-begun-meanwhile = The message has changed meanwhile, so your last tick was not saved. What you see now is the new message.
host-send-rewritten = Somebody has changed this message meanwhile, so nothing was sent. Look at it first.
host-send-unwritten = You have not written it yet.
host-send-to-reach = { $n ->
    [0] Nobody will get it now
    [one] 1 household will get it
   *[other] { $n } households will get it
}
host-send-have-it = { $n ->
    [one] 1 household has it already.
   *[other] { $n } households have it already.
}
host-send-changed-text = What you change here is read only by those who do not have it yet.
host-send-to-all = Everybody
host-send-to-coming = Those who are coming
host-send-to-owing = Those who have not answered
host-send-to-declined = Those who declined
host-send-begin = Write a new message
host-send-begin-about = This clears the text above: who has not had that message yet will not get it. The new one goes to everybody.
host-send-neither = They have no mobile number and no email address that works. Add one, or tell them yourself and tick them off.
host-send-neither-do = Tick them off one by one
host-send-later = Email it at another time, or to guests’ own addresses
host-nobody-add = Add a household
host-nobody-households = There are no households yet. Add your guests first.
host-nobody-match = No household matches what you chose. Choose others.
host-nobody-on-the-way = The invitations that are left are on their way by email.
host-nobody-uncertain = The remaining invitations may or may not have arrived by email. Look under “Messages” before you send them again.
host-nobody-of-them-comes = None of the households you chose has said yes, so there is nobody to thank among them.
host-nobody-not-over = Not everything is over yet. You can thank for gifts afterwards.
host-nobody-invited = Every household has its invitation. Those you add later appear here.
host-nobody-not-invited = No invitation has been sent yet, so nobody can be reminded. Send the invitations first.
host-nobody-reminded = Everybody who can be reminded was reminded in the last 24 hours. Try again tomorrow.
host-nobody-answered = Everybody who has an invitation and can still answer has answered.
host-nobody-told = Everybody has been told.
host-nobody-comes = Nobody has said yes yet, so there is nobody to thank.
host-nobody-thanked = Everybody has been thanked.
host-nobody-news = Everybody has this message. To tell them something else, write a new one.
host-nobody-this-way = Nobody is left to reach this way. Go back to see how the others are reached.
host-nobody-address = None of these households has an email address. Add addresses, or choose others.
host-nobody-mail = None of these households can get email: they have no address, have unsubscribed, or earlier email came back. Choose others, or add addresses that work.
host-moved-all-know = Everybody who may come to { $event } knows that it has changed.
host-block-no-text = The message is not written yet.
host-block-no-text-text = For email, write a subject and a text. WhatsApp and SMS use that text too, unless you write a message for them.
host-block-no-text-do = Write the message
host-off-no-text = Off: not written yet

host-send-reminders = Send reminders
host-send-progress = { $n } of { $of }
host-send-people = { $n ->
    [one] { $n } person
   *[other] { $n } people
}
host-open-whatsapp = Open WhatsApp
host-open-sms = Open SMS
host-open-email = Open email
host-send-words = Change the message for all
host-send-i-sent = I sent it
host-send-as-read = How “{ $household }” reads it:
host-send-has = Has it already
host-send-other-way = { $household } gets it another way.
host-send-through = Done: nobody is left.
host-send-moved = Tell guests what has changed
host-moved-by-call = { $n } to call
host-moved-title-day = { $n ->
    [0] { $of } is no longer on { $day }. Tell your guests?
    [one] 1 person said yes to { $of } when it was on { $day }. Tell them?
   *[other] { $n } people said yes to { $of } when it was on { $day }. Tell them?
}
host-moved-title-off = { $n ->
    [0] { $of } is cancelled. Tell your guests?
    [one] 1 person would have come to { $of }, which is cancelled. Tell them?
   *[other] { $n } people would have come to { $of }, which is cancelled. Tell them?
}
host-moved-title = { $n ->
    [0] { $of } has changed. Tell your guests?
    [one] 1 person said yes to { $of } as it was. Tell them?
   *[other] { $n } people said yes to { $of } as it was. Tell them?
}
host-moved-left = { $n ->
    [one] { $events } is still on { $day }. Does it move too?
   *[other] { $events } are still on { $day }. Do they move too?
}
host-moved-was = Until now
host-moved-now = Now
host-moved-answers = Every answer stays as it is. The message asks them to change it if the new time or place does not suit them.
host-moved-ask = { $n ->
    [one] Ask that person again
   *[other] Ask all { $n } again
}
host-moved-ask-text = Everybody who said yes is asked again, as if they had not answered. They keep their seats until answers close or the event begins; meals and food needs stay.
host-moved-ask-late = To ask them again, first set a later “Answer by”.
host-moved-asked = The message asks them to answer again. Those who had said yes keep their seats until answers close or the event begins.
host-moved-kept = Their answers are kept, in case it takes place after all.
host-moved-households = { $n ->
    [one] 1 household to tell
   *[other] { $n } households to tell
}
host-moved-groups = Said yes: { $yes }. Not answered or not sure: { $open }.
host-moved-declined = { $n ->
    [one] 1 household declined and is not told.
   *[other] { $n } households declined and are not told.
}
host-moved-declined-do = { $n ->
    [one] Also tell the household that declined: it may suit them now
   *[other] Also tell the { $n } that declined: it may suit them now
}
host-moved-unsent = { $n ->
    [one] 1 household is not told because its invitation has not gone out: it will say how it is now.
   *[other] { $n } households are not told because their invitations have not gone out yet; those will say the new day.
}
host-moved-tell = Tell them…
host-moved-dismiss = Don’t tell anybody
host-moved-dismissed = You decided to tell nobody. You still can.

host-handed = { $kind }, { $channel }: handed over on { $when }
host-handed-mail = { $kind }, email of { $when }: { $state }
host-handed-printed = Card printed on { $when }

host-block-address = These links only work on this computer.
host-block-address-text = They begin with { $address }, so no guest can open them. Sending and printing are off until the site has a public address.
host-block-address-ask = They begin with { $address }, so no guest can open them. Ask the person who runs this site, who installed Kenduri on its server, to give it a public address. Sending and printing are off until then.
host-block-address-do = How to set the address
host-block-archived = This occasion is archived.
host-block-archived-text = Nothing is sent any more.
host-block-mailbox = Email is off: no mail server is set up.
host-block-mailbox-text = Nothing you send by email leaves this computer. WhatsApp, SMS and paper work.
host-block-mailbox-do = Set up email
host-block-dns = Email to many people is off: this site’s email is not fully set up yet.
host-block-dns-text = The people who run this site see what is missing. WhatsApp, SMS and paper work.
host-block-dns-do = Fix it
host-block-member = Email is off: this site has not allowed it yet.
host-block-member-text = The people who run this site must let this occasion send email. WhatsApp, SMS and paper work.
host-block-member-do = Allow it
host-block-used-up = Email is off until tomorrow.
host-block-used-up-text = This occasion has sent as many emails as it may in 24 hours.
host-block-draft = This is a draft.
host-block-draft-text = Guests cannot open their invitations yet. Publish first, then send.
host-block-closed = Answers are closed.
host-block-closed-text = Guests can read, not answer, so nobody is reminded.
host-block-state-do = Change it
host-block-own-domain = Your own web address does not work yet.
host-block-own-domain-text = Until it does, links begin with { $address }. They go on working afterwards.
host-block-own-domain-do = Look at it
host-off-address = Off: the links don’t work yet
host-off-archived = Off: the occasion is archived
host-off-mailbox = Off: no mail server
host-off-dns = Off: email is not fully set up
host-off-member = Off: not allowed yet
host-off-used-up = Off: today’s emails are used up
host-off-draft = Off: publish first
host-off-closed = Off: answers are closed
host-off-own-domain = Off: your own address does not work yet
host-ask-draft = Send all the same
host-ask-own-domain = Send with this address
host-print-test = TEST
