## Hosts: everybody here has an account.

# Signing in.
account-sign-in = Sign in
account-email = Email address
account-password = Password
account-remember = Keep me signed in on this device
account-name = Your name
account-password-hint = At least 10 characters. A few words together are easy to remember.

# A link that signs in once.
account-link = Sign in with this link
account-link-text = The link works once. Press the button to sign in on this device.
account-link-use = Sign in on this device

# The first owner.
account-setup = Set up Kenduri
account-setup-text = This installation has no owner yet. You will be its owner, and can then invite others to help.
account-setup-finish = Become the owner

# Becoming a member.
account-join = You are invited to help
account-join-by = { $name } invites you as { $role }.
account-join-to = { $name } invites you to “{ $title }” as { $role }.
account-join-new = New here? Make an account first, and open this link again.
account-join-without = You need an account here to join. If you have none, ask { $name } how to get one.
account-join-as = Join as { $name }
account-join-other = Sign out and join as someone else
account-join-known = Already have an account?
account-join-finish = Create the account and join
account-role-admin = administrator of the installation
account-role-owner = owner of the installation
account-role-trusted-contact = trusted contact: sees what people show to trusted contacts

# One’s own account.
account-security = Sign-in and security
account-done-password = The new password is in force. Every other device is signed out.
account-done-session = Signed out there.
account-done-token = This token no longer works.
account-password-none = You have no password yet. Set one, so that you can sign in again.
account-password-current = Current password
account-password-new = New password
account-password-others = Every other device will be signed out.
account-password-save = Save the password
account-sessions = Where you are signed in
account-session-history = Signed in { $since }, last used { $seen }.
account-session-this = This one
account-session-unknown = Unknown browser
account-session-end = Sign out there
account-session-end-others = Sign out everywhere else…
account-passkeys = Passkeys
account-passkeys-text = Sign in with your finger, your face or the PIN of a device, without a password. A passkey works on this site only, so nobody can ask you for it elsewhere.
account-passkeys-script = To add one, allow scripts on this page.
account-passkeys-address = Passkeys need an address with a name, and https. This site’s address is a number, or its connection is not encrypted, so no browser offers them here.
account-passkey-name = Name of the passkey, such as “My phone”
account-passkey-add = Add a passkey
account-passkey-remove = Remove…
account-passkey-use = Added { $since }. { $used ->
    [none] Never used.
   *[other] Last used { $used }.
}
account-passkey-sign-in = Sign in with a passkey
account-passkey-refused = Your device did not finish. Please try again.
account-done-passkey = Your passkeys were changed.
account-provider-sign-in = Sign in with { $provider }
account-provider-register = Register with { $provider }
account-provider-onward = Go on to { $provider }
account-newcomer-text = Almost done: which address is yours? You get an email there, with a link that confirms it.
account-link-identity = Sign in once to link
account-link-identity-text = There is an account here with your address. Sign in to it once, as you have until now. After that, this provider signs you in, too.
account-identities = Linked sign-ins
account-identities-text = Sign in with an account that you have elsewhere.
account-identity-link = Link { $provider }
account-identity-remove = Unlink
account-identity-use = Linked { $since }. { $used ->
    [none] Never used.
   *[other] Last used { $used }.
}
account-done-identity = Your linked sign-ins were changed.
account-tokens = Tokens for programs
account-tokens-text = A program shows a token instead of your password. It may never do more than you may.
account-token-name = Name of the token
account-token-scopes = May be used to
account-token-life = Works until { $until }. { $used ->
    [none] Never used.
   *[other] Last used { $used }.
}
account-token-remove = Remove…
account-token-days = Valid for (days, 1 to 366)
account-token-create = Make a token
account-token-made = The new token
account-token-once = Copy it now: it is shown this once and kept nowhere.
account-scope-profile-read = see your profile and address

# The mail about a sign-in with a new browser.
mail-sign-in-subject = New sign-in to { $site }
mail-sign-in-text =
    Hello { $name },

    somebody signed in to your account at { $site } with a browser that was not used for it before.

    When: { $time }
    { $browser ->
        [none] Browser: unknown
       *[other] Browser: { $browser }
    }
    From: { $network }

    If this was you, there is nothing to do. If not, change your password now; that signs everybody else out:
    { $address }
mail-passkey-copied-subject = A passkey of yours may have been copied
mail-passkey-copied-text =
    Hello { $name },

    a passkey of your account at { $site } answered as if it had not been used for a long time, so somebody may have a copy of it. Nobody was signed in with it.

    When: { $time }
    From: { $network }

    Look at your passkeys, and remove it:
    { $address }
mail-reuse-subject = A session at { $site } was ended
mail-reuse-text =
    Hello { $name },

    a program showed a key to your account at { $site } that had been used before, so somebody may have a copy of it. The session was ended, and the program has to sign in again.

    When: { $time }
    From: { $network }

    Unless a program of yours simply asked twice, look at your sessions and change your password:
    { $address }

# What can go wrong: who is asking.
problem-email-taken = An account with this email address exists already.
    .title = Email address taken
problem-last-owner = Somebody must remain owner. Make another person owner first.
    .title = The last owner
problem-credentials-invalid = The email address or the password is wrong.
    .title = Could not sign in
problem-token-missing = An access token is needed here.
    .title = Token missing
problem-token-invalid = This access token is not valid.
    .title = Token not valid
problem-token-expired = This access token has expired.
    .title = Token expired
problem-session-expired = You were signed out because it has been a while. Please sign in again.
    .title = Signed out
problem-session-revoked = This session was ended. Please sign in again.
    .title = Session ended
problem-refresh-invalid = This refresh token is not known. Please sign in again.
    .title = Unknown refresh token
problem-refresh-expired = This refresh token was not used in time. Please sign in again.
    .title = Refresh token expired
problem-refresh-reused = This refresh token was used before, so the session was ended. Please sign in again.
    .title = Refresh token used twice
problem-forbidden = Your role does not allow this.
    .title = Not allowed
problem-role-required = { $role ->
    [none] Your role does not allow this.
   *[other] This needs the role “{ $role }”.
}
    .title = Not allowed
problem-role-above-own = You cannot grant a role above your own, or change somebody who has one.
    .title = Not allowed
problem-role-unknown = There is no such role.
    .title = Unknown role
problem-sudo-required = Please confirm that it is you.
    .title = Please confirm
problem-scope-required = { $scope ->
    [none] This token may not do that.
   *[other] This token needs the scope “{ $scope }”.
}
    .title = Token not allowed
problem-token-not-permitted = Tokens may not do this; please sign in.
    .title = Token not allowed
problem-registration-closed = Registration is closed. Ask for an invitation.
    .title = Registration is closed
problem-secure-connection-required = Signing in needs a secure connection (https).
    .title = Secure connection needed
problem-passkey-invalid = This passkey was not accepted. Please try again.
    .title = Passkey not accepted
problem-last-credential = This is your last way to sign in. Set a password, add a passkey or link a sign-in first.
    .title = Last way to sign in
problem-oauth-state-invalid = This sign-in was begun in another browser, took too long, or was finished before. Please begin again.
    .title = Please begin again
problem-oauth-denied = You were not signed in: the provider refused it, or your account here may not be used.
    .title = Not signed in
problem-oauth-provider-failed = The provider of this sign-in does not answer as it should. Please try again later, or sign in another way.
    .title = Provider not available
problem-link-requires-sign-in = There is an account here with your address. Sign in to it once to link this sign-in.
    .title = Sign in once to link
problem-identity-in-use = Another account here is linked to this sign-in.
    .title = Linked elsewhere
problem-token-expired-or-used = This link has been used or has expired. Please ask for a new one.
    .title = Link no longer valid
problem-current-password-wrong = The current password is wrong.
    .title = Wrong password

# A copy of one’s data, and leaving.
account-data = Your data
account-export = A copy of your data
account-export-text = All that is kept of you here, as a zip with one JSON document. You can have two a day.
account-export-get = Get the copy
account-erase = Erase the account
account-erase-text = You are signed out everywhere, and your public pages are gone at once. For 7 days you can change your mind by signing in. Then everything that is yours alone is erased for good.
account-erase-do = Erase my account…
account-restore = Keep your account?
account-restore-text = You asked for this account to be erased. Press the button to keep it, then sign in again.
account-restore-do = Keep the account

# Administering people.
overview-title = Log
overview-figures = Figures
overview-people = Accounts
overview-signed-in = Signed in within 30 days
overview-administrators = Administrators
overview-sessions = Open sessions
overview-tokens = Tokens
overview-suppressed = Addresses that get no mail
overview-log = What happened to accounts and to the site
overview-log-text = What hosts do in their own pages is in their own logs.
overview-system = Kenduri
overview-token = A token
overview-gone = Somebody whose account is gone
overview-more = Older lines
people-title = People
people-search = Name or address
people-state = State
people-rank = Role in the installation
people-rank-none = None
people-any = Any
people-show = Show
people-none = Nobody was found.
people-more = More people
people-active = Active
people-deactivated = Blocked
people-leaving = About to be erased
people-facts = Account since { $since }. { $last ->
    [none] Has never signed in.
   *[other] Last signed in { $last }.
} Sessions: { $sessions }. Tokens: { $tokens }.
people-erased-at = The account is erased after { $at }.
people-deactivate = Block…
people-activate = Unblock
people-sign-out = Sign out everywhere…
people-rank-save = Save the role
people-erase = Erase…
people-log = What happened to the account
people-done = Done.
people-unverified = Address not confirmed
people-unverified-text = This person can sign in, but make nothing public.
people-account = Account
people-help = Help
people-reset = Mail a link for a new password
people-end = Block, or erase
people-end-text = Blocked: no sign-in, and their public pages are hidden. Erased: everything that is theirs alone goes, after 7 days.
problem-account-unverified = The address of this account is not confirmed, so it may be somebody else's. A role is given once it is confirmed.
    .title = Address not confirmed
problem-password-exists = You have a password already. Change it with the present one.
    .title = There is a password
problem-sign-in-page-required = Sign in to this account on the page /login of this site.
    .title = Sign in on the page
problem-account-leaving = This account is about to be erased.
    .title = About to be erased
problem-active-obligations = Settle these first, or make somebody else their owner: { $obligations }.
    .title = Something is left to settle
# Proving once more who one is.
account-sudo = Confirm that it is you
account-sudo-text = You signed in more than 10 minutes ago. For this step we ask for your password once more.
account-sudo-factor-text = You signed in more than 10 minutes ago. For this step we ask for your password and a code once more.
account-sudo-link = You have no password. Sign out, and sign in with a new link; then you can go on for 10 minutes.
account-sudo-confirm = Confirm
account-sudo-next = Next, without asking again:
account-sudo-undone = Nothing was changed
account-sudo-undone-text = This took too long, so nothing was changed. Everything you typed is still kept.
account-sudo-undone-send = Do it now

# Registering.
account-register = Create an account
account-register-new = New here?
account-register-finish = Create the account
account-register-bot = Leave this field empty
account-slug = Web address (optional)
account-slug-hint = 2 to 50 small letters, digits and hyphens, as in farah-ali.
account-slug-choose = Choose your web address now (or later)
account-check-mail = Check your email
account-check-mail-to = We sent an email to { $email }. Press the button in it, and you are signed in.
account-check-mail-life = It comes within a minute or two and works for 24 hours. Look under “Spam” too.
account-check-mail-resend = Send it again
account-check-mail-change = Change the address
account-check-mail-again = Sent again. There is at most one email a minute, so give it a moment.

# Confirming an address.
account-verify = Confirm your email address
account-verify-text = Is { $email } your address, and did you ask for an account here?
account-verify-proof = This is not the browser that the account was made with. Enter the password of the account. If you did not make it yourself, choose a new password: that locks out whoever did.
account-verify-new = Or a new password
account-verify-new-hint = At least 10 characters. Everybody who is signed in now will be signed out.
account-verify-finish = Confirm the address
account-verify-sign-in = Confirm and sign in
account-verified = Your address is confirmed.
account-verified-text = You can use everything here now.
account-verified-onward = Go to Home

# Having forgotten the password.
account-forgot = Get back in by email
account-forgot-link = Forgot your password? Sign in by email
account-forgot-text = Enter the address of your account, and we will mail you a link.
account-forgot-reset = Mail me a link to set a new password
account-forgot-sign-in = Mail me a link that signs me in
account-forgot-sent = Check your email
account-forgot-sent-text = If there is an account with this address, an email is on its way. The link in it works once, and not for long.
account-reset = Set a new password
account-reset-text = Everybody who is signed in to your account now will be signed out.
account-reset-erases = Nobody has confirmed that this email address is yours. So everything that was made with this account will be erased. To keep it, sign in with the password you have and confirm the address first.
account-reset-tokens = Remove the passkeys and linked sign-ins, and revoke the tokens of programs, too
account-reset-done = The new password is in force
account-reset-done-text = You can sign in with it now. You will then see what you still share with others. Invitations of yours that nobody had taken are withdrawn.

# Mails about registering and getting back in.
mail-verify-subject = Confirm your address for { $site }
mail-verify-text =
    Hello { $name },

    open this link within 24 hours to confirm that this is your email address:
    { $address }

    If you did not ask for an account at { $site }, you need not do anything: without the link it is removed after a week.
mail-known-subject = Your account at { $site }
mail-known-text =
    Hello { $name },

    somebody wanted to create an account at { $site } with this address. You have one already, and nothing was changed.

    Sign in: { $sign_in }
    Set a new password, within an hour: { $address }

    If it was not you, there is nothing to do.
mail-reset-subject = A new password for { $site }
mail-reset-text =
    Hello { $name },

    open this link within an hour to set a new password:
    { $address }

    If you did not ask for it, there is nothing to do. Your password stays as it is.
mail-link-subject = Sign in to { $site }
mail-link-text =
    Hello { $name },

    this link signs you in, once and within 24 hours:
    { $address }

    If you did not ask for it, there is nothing to do. Give the link to nobody.
mail-password-subject = Your password at { $site } was changed
mail-password-text =
    Hello { $name },

    a link that was mailed to you was used to set a new password. Everybody who was signed in has been signed out.

    When: { $time }
    From: { $network }

    If it was not you, somebody can read your mail. Set another password now, and change that of your mailbox:
    { $address }

# Second factors.
account-mfa = Enter your code
account-mfa-code = Code
account-mfa-hint = The six digits that your authenticator app shows now, or one of your recovery codes.
account-factors = Second factor
account-factors-required = Your account needs a second factor here: an authenticator app or a passkey. The other pages open once you have set one up.
account-factors-required-pending = Your account needs a second factor here: an authenticator app or a passkey. Confirm your email address first, with the link that was mailed to you. Then set one up on this page, and the other pages open.
account-factors-pending = None. Confirm your email address first, with the link that was mailed to you; then one can be set up here.
account-factors-off = None. With one, a stolen password or mailbox is not enough to sign in: a code of an app on your phone is needed too.
account-factors-on = Codes of an authenticator app have been required since { $since }. { $left ->
    [0] No recovery codes are left.
    [one] One recovery code is left.
   *[other] { $left } recovery codes are left.
}
account-factors-remove = Remove the second factor…
account-factors-remove-text = Your recovery codes go too, and every other device will be signed out.
account-done-factor = The second factor is removed. Every other device is signed out.
account-totp = Set up an authenticator app
account-totp-open = Open in the authenticator app on this device
account-totp-text = Scan the picture with an authenticator app, or type the key into it. Then enter the code that it shows.
account-totp-picture = QR code of the key
account-totp-secret = Key
account-totp-hint = Six digits. From then on a code is needed for each sign-in.
account-totp-confirm = Confirm the code
account-recovery-codes = Recovery codes
account-recovery-codes-text = Keep these codes where only you can find them: each one replaces the app once, should you lose it. They are shown this once, and earlier codes no longer work.
account-recovery-codes-kept = I’ve saved them
account-recovery-codes-save = Save as a file
account-recovery-codes-renew = Make new recovery codes…
problem-mfa-code-invalid = The code is wrong, or was used before. Wait for the next one.
    .title = Wrong code
problem-password-or-code-wrong = The password or the code is wrong. Each code works only once, so wait for the next one.
    .title = Wrong password or code
problem-mfa-token-invalid = That took too long, or there were too many tries. Please sign in again from the beginning.
    .title = Sign in again
problem-mfa-enrolled = Your account has a second factor already. Remove it first.
    .title = Second factor in use
problem-mfa-not-enrolled = Your account has no second factor.
    .title = No second factor
problem-mfa-enrolment-required = Your account needs a second factor here. Set it up under “Password and access” first.
    .title = Second factor needed
mail-recovery-code-subject = A recovery code was used at { $site }
mail-recovery-code-text =
    Hello { $name },

    somebody signed in to your account at { $site } with one of your recovery codes.

    When: { $time }
    From: { $network }
    Recovery codes left: { $left }

    If this was you, there is nothing to do; make new codes before you run out of them. If not, change your password now and make new recovery codes:
    { $address }
mail-factor-removed-subject = Your second factor at { $site } was removed
mail-factor-removed-text =
    Hello { $name },

    your account at { $site } no longer has a second factor: the password or a sign-in link is enough again. Every other device was signed out.

    When: { $time }
    From: { $network }

    If this was you, there is nothing to do. If not, change your password now:
    { $address }

problem-email-unverified = Confirm your email address first: open the link that was mailed to you. You can have it sent again on the page of your account.
    .title = Address not confirmed
problem-registrations-used-up = Several people have just registered from your network. Please try again after { $until }, or use a group link.
    .title = Please wait a little
problem-form-stale = This form was sent too quickly, or was open for too long. Please send it again.
    .title = Please send it again
problem-password-required = The link was opened in another browser, so a password is needed too.
    .title = Password needed
problem-invite-for-other-address = This invitation is for another email address.
    .title = Another address

# One’s email address.
account-address = Email address of your account
account-address-now = Your address
account-address-verified = It is confirmed.
account-address-unverified = It is not confirmed yet. Open the link in the email that we sent there.
account-address-send = Send the email again
account-address-sent = An email is on its way. Open the link in it to go on.
account-address-other = Use another address
account-address-other-text = We will mail a link to the new address. The change takes place when you open it.
account-address-new = New email address
account-address-ask = Mail me the link
account-change = Use the new address
account-change-text = From now on you will sign in with { $email }. Every other device will be signed out.
account-changed = Your address is changed
account-changed-text = Sign in with the new address from now on. A link that undoes the change was mailed to your old address.
account-undo = Get the old address back
account-undo-text = The account will have the address { $email } again, and everybody who is signed in will be signed out. Passkeys, the tokens of programs, and a second factor that was set up in the week before the change or later are removed.
account-undone = You have your address back
account-undone-text = Everybody was signed out. Somebody may know your password, so set a new one now.
mail-change-subject = Confirm your new address for { $site }
mail-change-text =
    Hello { $name },

    open this link within 24 hours to use this email address for your account at { $site }:
    { $address }

    If you did not ask for it, leave the link alone.
mail-changed-subject = Your address at { $site } was changed
mail-changed-text =
    Hello { $name },

    your account at { $site } has another email address now.

    When: { $time }

    If it was not you, this link brings the old address back and signs everybody out. It works for 7 days:
    { $address }

# Invites to the installation.
account-role-member = member
account-invites = Invitations
account-invites-text = The person you invite gets a link that works once, for 7 days, and for this address only.
account-invites-role = As
account-invites-create = Invite
account-invites-sent = The invitation is on its way.
account-invites-removed = The invitation no longer works.
account-invites-until = Works until { $until }.
account-invites-remove = Withdraw
account-invites-link = The link of the invitation
account-invites-copy = No mail leaves this server, so give the link to the person you invited. It is shown this once.
group-links-title = Group links
group-links-text = A classroom or an office often shares one internet address, and only a few people may register from it at a time. People who come with a group link count against the link instead. They confirm their email address all the same, and get no role.
group-links-for = For
group-links-site = The whole site
group-links-uses = How many people
group-links-uses-hint = 2 to 200
group-links-days = Days until it ends
group-links-days-hint = 1 to 30
group-links-new = A new group link
group-links-create = Make the link
group-links-made = The group link can be used now.
group-links-ended = The group link no longer works.
group-links-used = { $used } of { $uses } used. Works until { $until }.
group-links-end = End this link
mail-invite-subject = You are invited to { $site }
mail-invite-text =
    Hello,

    { $by } invites you to { $site }. Open this link within 7 days to create your account:
    { $address }

# Second factors that an administrator resets.
account-factors-reset-at = An administrator wants your second factor and your passkeys to be removed on { $at }, because they are said to be lost.
account-factors-keep = Keep my factors
account-factors-keep-text = An administrator wants the second factor and the passkeys of your account to be removed, because they are said to be lost. Press the button to keep them.
account-factors-kept = Your factors stay
account-factors-kept-text = Your second factor and your passkeys stay as they are.
account-sudo-passkey = Confirm with a passkey
account-sudo-passkey-text = You signed in more than 10 minutes ago. For this step we ask for your passkey once more.
people-duties = Duties
people-duties-text = Besides the role, this person is
people-duties-save = Save the duties
people-factors = Second factors
people-factors-text = If the person has lost the authenticator app, the recovery codes and all passkeys, have them removed. The person is told by email and can keep them for 24 hours; then they are removed, and everybody who is signed in to the account is signed out.
people-factors-reset = Remove them in 24 hours
people-factors-keep = Do not remove them
people-factors-reset-at = Second factors and passkeys are removed after { $at }.
people-export = Copy of the data
people-export-text = Everything that is stored about this person, as they could get it themselves. The person is told by email.
people-export-get = Get the copy
problem-account-deactivated = This account is blocked. Unblock it first.
    .title = Blocked
problem-address-suppressed = No mail goes to the address of this account at the moment, so the person would not learn of it. Whoever runs the server can remove the factors at once: kenduri owner reset-factors.
    .title = No mail goes there
problem-account-without-factors = This account has neither a second factor nor a passkey.
    .title = Nothing to reset
mail-factor-reset-subject = Your second factor at { $site } is about to be removed
mail-factor-reset-text =
    Hello { $name },

    an administrator of { $site } was told that you have lost your second factor and your passkeys. They will be removed, and everybody who is signed in to your account will be signed out:

    When: { $time }

    If you have asked for this, there is nothing to do. If not, keep them with this link until then:
    { $address }
mail-factors-reset-subject = Your second factor at { $site } was removed
mail-factors-reset-text =
    Hello { $name },

    your account at { $site } no longer has a second factor or passkeys, and everybody who was signed in to it was signed out.

    When: { $time }

    Sign in with your password, or have a link mailed to you, and set up a second factor again:
    { $address }
mail-exported-subject = A copy of your data at { $site } was made
mail-exported-text =
    Hello { $name },

    { $by }, who owns { $site }, was given a copy of all that is kept of you there.

    When: { $time }

    If you have asked for it, there is nothing to do. You can get the same copy yourself:
    { $address }

# What happened to an account, as its log says.
event-account-activated = Was unblocked
event-account-deactivated = Was blocked
event-account-erased = The account was erased
event-account-erasure-asked = Asked for the account to be erased
event-account-erasure-ordered = An administrator had the account erased
event-account-exported = A copy of the data was made
event-account-registered = Registered
event-account-renamed = Changed the web address
event-account-reset-sent = An administrator had a link for a new password mailed
event-account-restored = Kept the account after all
event-account-signed-out = An administrator signed them out everywhere
event-site-look-changed = Changed the first page or the menu
event-email-changed = Changed the email address
event-email-restored = Undid a change of the email address
event-email-verified = Confirmed the email address
event-factor-reset-asked = An administrator asked for the second factors to be removed
event-factor-reset-cancelled = The second factors were kept after all
event-factor-reset-done = The second factors and passkeys were removed
event-grant-changed = Got another role
event-grant-given = Got a role
event-grant-removed = Lost a role
event-group-link-created = A group link was made
event-group-link-ended = A group link was ended
event-identity-linked = Linked a way to sign in with a provider
event-identity-removed = Removed a way to sign in with a provider
event-invite-created = An invitation was made
event-invite-withdrawn = An invitation was withdrawn
event-owner-created = Became an owner from the server’s console
event-passkey-added = Added a passkey
event-passkey-copied = A passkey was tried that may have been copied
event-passkey-removed = Removed a passkey
event-password-changed = Changed the password
event-password-reset = Set a new password by a mailed link
event-password-set = Set a first password
event-profile-changed = Changed the profile
event-recovery-codes-renewed = Made new recovery codes
event-refresh-reused = A program showed a key that had been used before; its session was ended
event-second-factor-added = Set up a second factor
event-second-factor-failed = Entered a wrong code at the second step
event-second-factor-proved = Passed the second step
event-second-factor-removed = Removed the second factor
event-session-revoked = A session was ended
event-session-signed-out = Signed out
event-sign-in-failed = Somebody tried to sign in with a wrong password
event-site-imported = An older site was imported
event-sign-in-succeeded = Signed in
event-suppression-added = An address was put on the list of addresses without mail
event-suppression-lifted = An address was taken off the list of addresses without mail
event-sudo-proved = Confirmed who they are
event-token-created = A token was made
event-token-revoked = A token was revoked
event-webhook-created = A webhook was made
event-webhook-deleted = A webhook was deleted
event-webhook-rotated = A webhook got a new secret
# Addresses that get no mail.
suppressed-title = No mail
suppressed-text = No mail goes to these addresses, or none of one kind. Before you let it go again, make sure that the reason is gone: a site that mails addresses that do not exist is soon taken for a sender of spam.
suppressed-none = Every address gets its mail.
suppressed-unknown = An address that nobody here knows any more ({ $hash }…)
suppressed-soft-bounce = Mail was refused three times within a week; it waits for a week
suppressed-unsubscribe = Unsubscribed from a kind of mail
suppressed-hard-bounce = The mail server says that there is no such address
suppressed-complaint = Mail was reported as unwanted
suppressed-manual = An administrator stopped mail
suppressed-lift = Let mail go again
suppressed-lifted = Mail goes there again.
suppressed-more = Earlier ones
account-mail-receive = Mail me a link
account-mail-receive-text = If the address works and you want mail again, have one email sent. Open the link in it, and all mail goes there as before. One such email is sent a day.
account-newsletters = Newsletters
account-newsletters-save = Save
account-newsletters-saved = Saved.
account-mail-subscribe = Send me such mail again
account-mail-subscribed = You get such mail again.
account-receive = Get mail again
account-receive-text = This mail has arrived at { $email }. Press the button to get mail there again.
account-received = You get mail again
account-received-text = Mail goes to your address as before.
mail-receive-subject = Does mail from { $site } arrive?
mail-receive-text =
    Hello { $name },

    { $site } sends no mail to this address at the moment, because mail came back or was reported as unwanted. To get mail again, open this link within 24 hours:
    { $address }

    If you do not want mail, you need not do anything.
unsubscribe-title = Unsubscribe
unsubscribe-text = Press the button and { $site } sends no more mail of this kind to your address. You still get the answers to what you do yourself, and messages about the security of your account.
unsubscribe-done = Done. { $site } sends no more mail of this kind to your address.
problem-signature-invalid = The signature of the callback is missing or wrong, or the callback is too old.
    .title = Signature not valid

# What one is called in public addresses.
cards-begin = Welcome, { $name }. What would you like to begin?
cards-begin-title = Begin something
cards-as = Signed in as { $name }.
cards-notices = { $count ->
    [1] 1 new notice
   *[other] { $count } new notices
}
cards-all = All { $count }
cards-private = Nothing is public until you say so.
cards-confirmed = Your address is confirmed, and you are signed in.
cards-invited = Invited to something?
cards-invited-text = Open the link in your invitation, or type the code on your card.
cards-code = Type a code
account-pending = Confirm your address to make things public. We sent you an email: press the button in it.
profile-title = Profile
profile-text = Your name appears beside what you share, and the other public fields on your public page, once you have one. If the site is yours and has no introduction, what you say about yourself is also on its first page.
profile-public = Public
profile-private = Private
profile-bio = About you
profile-location = Location
profile-website = Website
profile-website-hint = An address that begins with https://
profile-real-name = Full name
profile-real-name-hint = Never public.
profile-zone = Time zone
profile-zone-hint = Times are shown in it, on pages and in emails. A city such as Kuala Lumpur is enough.
profile-save = Save
profile-changed = Your profile is saved.
slug-title = Web address
slug-now = Your web address is
slug-none = You have none yet. You get one, made from your name, with the first thing of yours that others can see.
slug-alias = { $slug } leads there until { $until }
slug-other = Change your web address
slug-text = 2 to 50 of the letters a to z, digits, and hyphens between them. Your old address leads to the new one for 180 days, and nobody else gets it meanwhile; you may take it back.
slug-left = { $count ->
    [0] You have changed it three times within 30 days, so you have to wait before you can change it again.
    [1] You may change it once more now.
   *[other] You may change it { $count } times now.
}
slug-new = New web address
slug-save = Change
slug-changed = Your web address is changed.

# Trusted contacts.
trusted-title = Trusted contacts
trusted-text = They see what you show to trusted contacts, while they are signed in.
trusted-none = You have none yet.
trusted-add = Add somebody
trusted-slug = Their web address
trusted-slug-hint = They find it at “Web address”, and may choose one there.
trusted-add-button = Add
trusted-remove = Remove
trusted-added = The trusted contact is added.
trusted-removed = The trusted contact is removed.
problem-person-unknown = Nobody else has this web address.
    .title = Person unknown

# What is shared with others.
shared-title = Sharing
shared-text = The people who can see or change something of yours, and the addresses that are told of it. If somebody else has used your account, they may have added themselves here.
shared-none = You share nothing with anybody.
shared-end = End
shared-ended = It is ended.
shared-trusted = Trusted contact

# How the site presents itself, for owners.
look-title = Your site
look-see = See the site
look-saved = Saved.
look-save = Save
look-preview = Preview
look-look = Look
look-paper = Paper
look-paper-about = Quiet. Type and hairlines on white paper.
look-veranda = Veranda
look-veranda-about = Warm. Shutter green, brick and carved wood.
look-market = Night market
look-market-about = Festive. Lamps over a dark street.
look-both = Each has a light and a dark side; a visitor’s device chooses. Invitations keep their own looks.
look-accent-own = Use a colour of my own for buttons, links and figures
look-accent = Your colour
look-accent-hint = Where it could not be read, it is made darker or lighter.
look-accent-light = On light pages your colour is { $color }, so that everybody can read it.
look-accent-dark = On dark pages your colour is { $color }, so that everybody can read it.
look-first = First page
look-home = Visitors first see
look-home-site = Introduction, portrait and what is newest
look-home-which = Which one
look-home-which-hint = Only where the choice above says in brackets what to write.
look-sentence = Your first sentence
look-sentence-hint = Up to 80 characters. It stands where others write “Welcome”.
look-introduction = Introduction
look-introduction-hint = Two or three lines below it. Without them your profile’s words stand there.
look-account = Whose site it is
look-account-first = The first owner’s
look-menu = Menu
look-menu-hint = 1 is first. What has no number is not shown, and never more than seven are.
look-portrait = Portrait
look-portrait-alt = What it shows
look-portrait-alt-hint = For those who do not see it: “Farah on her veranda”.
look-portrait-save = Save the portrait
look-icon = Icon
look-icon-about = A small square picture for browser tabs and bookmarks.
look-icon-save = Save the icon
look-file = Picture (JPEG, PNG or WebP)
look-remove = Remove

# What people are told on the site.
notification-title = Notices
notification-none = Nothing new.
notification-new = New
notification-read-all = Mark all as read
notification-by-mail = Send me these by email, too
notification-save = Save
notification-saved = Saved.
notification-first-page = The first page shows what the site has, because { $about } is not public any more.
notification-mail-subject = News from { $site }
notification-mail-text =
    Hello { $name },

    { $said }

    { $address }

# Webhooks.
webhooks = Webhooks
webhooks-text = When something happens to what you keep here, a message is sent to these addresses.
webhook-new = New webhook
webhook-url = Address
webhook-url-hint = https:// and a host on the internet.
webhook-events = What is sent
webhook-notes = With the notes of resets
webhook-secret = This secret signs what is sent. It is shown only now.
webhook-test = Send a test
webhook-rotate = New secret
webhook-sent = The test is being sent. Look again in a moment.
webhook-active = Active
webhook-failing = Messages do not arrive
webhook-disabled = Turned off, until a test arrives
webhook-delivery-waiting = waiting
webhook-delivery-delivered = delivered
webhook-delivery-failed = failed
mail-webhook-subject = A webhook was turned off
mail-webhook-text =
    Hello { $name },

    Messages of { $site } to { $url } do not arrive, or are not wanted any more. Since { $time } nothing is sent there.

    Send a test to turn the webhook on again:
    { $address }
problem-webhook-url-refused = Only https addresses of hosts on the internet can be called.
    .title = Address not allowed
shared-webhook = Webhook: told of what happens here
webhook-deleted = The webhook is deleted.
webhook-save = Save
webhook-delete = Delete…

# The page that asks before something is done.
question-happens = This happens at once:
question-back = Go back, change nothing
question-block = Block { $name }?
question-block-facts =
    { $sessions ->
        [0] Nobody is signed in to this account at the moment.
        [1] 1 device is signed out.
       *[other] { $sessions } devices are signed out.
    }
    Nobody can sign in to this account or set a new password.
    This person’s public pages are hidden.
question-block-undo = You can unblock this person on the same page. No mail is sent.
question-block-do = Block
question-block-confirm = Confirm and block
question-sign-out = Sign { $name } out everywhere?
question-sign-out-facts =
    { $sessions ->
        [0] Nobody is signed in to this account at the moment.
        [1] 1 device is signed out.
       *[other] { $sessions } devices are signed out.
    }
question-sign-out-undo = The person can sign in again. No mail is sent.
question-sign-out-do = Sign out everywhere
question-sign-out-confirm = Confirm and sign out
question-erase = Erase { $name }?
question-erase-facts =
    Every device is signed out, and this person’s public pages are gone. { $caches }
    After 7 days everything that is theirs alone is erased for good.
question-erase-undo = Until then the person can keep the account by signing in.
question-erase-do = Erase
question-erase-confirm = Confirm and erase
question-leave = Erase your account?
question-leave-facts =
    You are signed out everywhere, and your public pages are gone. { $caches }
    After 7 days everything that is yours alone is erased for good.
question-leave-undo = Until then you can change your mind by signing in.
question-leave-do = Erase my account
question-leave-confirm = Confirm and erase
question-sessions = Sign out everywhere else?
question-sessions-facts =
    Every other browser and program that is signed in to your account is signed out.
    Invitations of yours that nobody has taken are withdrawn.
question-sessions-undo = You stay signed in here, and can sign in again elsewhere.
question-sessions-do = Sign out everywhere else
question-sessions-confirm = Confirm and sign out
question-passkey = Remove the passkey “{ $called }”?
question-passkey-facts = Nobody can sign in with it any more.
question-passkey-undo = You can add a passkey again at any time.
question-passkey-do = Remove
question-passkey-confirm = Confirm and remove
question-factor = Remove your second factor?
question-factor-facts =
    Your password alone is enough to sign in.
    Your recovery codes no longer work.
question-factor-undo = You can set up a second factor again at any time.
question-factor-do = Remove
question-factor-confirm = Confirm and remove
question-codes = Make new recovery codes?
question-codes-facts =
    Your present recovery codes no longer work.
    You see ten new ones, just this once.
question-codes-undo = The old codes cannot be brought back.
question-codes-do = Make new codes
question-codes-confirm = Confirm and make new codes
question-token = Remove the token “{ $called }”?
question-token-facts = Programs that use it are refused.
question-token-undo = It cannot be brought back, but you can make another.
question-token-do = Remove
question-token-confirm = Confirm and remove
question-webhook = Delete the webhook { $called }?
question-webhook-facts = Nothing is sent to this address any more, and its secret is gone.
question-webhook-undo = You can make another, with another secret.
question-webhook-do = Delete
question-webhook-confirm = Confirm and delete

mail-passkey-added = A passkey was added to your account at { $site }
    .what = the passkey “{ $label }” was added. It signs in without your password.
mail-passkey-removed = A passkey of your account at { $site } was removed
    .what = the passkey “{ $label }” was removed. Every other device was signed out.
mail-factor-added = A second factor was added to your account at { $site }
    .what = an authenticator app is now needed to sign in.
mail-recovery-codes-renewed = New recovery codes for your account at { $site }
    .what = new recovery codes were made. The earlier ones no longer work.
mail-identity-linked = A sign-in provider was linked to your account at { $site }
    .what = signing in with { $label } was linked.
mail-identity-removed = A sign-in provider was removed from your account at { $site }
    .what = signing in with { $label } was removed. Every other device was signed out.
mail-token-created = A token was made for your account at { $site }
    .what = the token “{ $label }” was made. A program can use your account with it.
mail-token-revoked = A token of your account at { $site } was revoked
    .what = the token “{ $label }” was revoked. No program can use it any more.
mail-credential-text =
    Hello { $name },

    your account at { $site } has changed: { $what }

    When: { $time }
    From: { $network }

    If this was you, there is nothing to do. If not, change your password now, and look at what else can use your account:
    { $address }

# The menu.
account-email-tab = Email
account-programs = Programs
people-everybody = Everybody
