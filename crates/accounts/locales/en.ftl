## Hosts: everybody here has an account.

# Signing in.
account-sign-in = Sign in
account-email = E-mail address
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
account-setup-text = Nobody owns this installation yet. You will be its owner, and can then invite others to help.
account-setup-finish = Become the owner

# Becoming a member.
account-join = You are invited to help
account-join-by = { $name } invites you as { $role }.
account-join-as = Join as { $name }
account-join-other = Sign out and join as someone else
account-join-known = Signed in here before?
account-join-finish = Create the account and join
account-role-admin = administrator of the installation
account-role-owner = owner of the installation

# One’s own account.
account-security = Password and access
account-done-password = The new password is in force. Every other device is signed out.
account-done-session = Signed out there.
account-done-token = The token works no more.
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
account-session-end-others = Sign out everywhere else
account-tokens = Tokens for programs
account-tokens-text = A program shows a token instead of your password. It may never do more than you may.
account-token-name = Name of the token
account-token-scopes = May be used to
account-token-life = Works until { $until }. { $used ->
    [none] Never used.
   *[other] Last used { $used }.
}
account-token-remove = Take back
account-token-days = Works for so many days (1 to 366)
account-token-create = Make a token
account-token-made = The new token
account-token-once = Copy it now: it is shown this once and kept nowhere.
account-scope-profile-read = see your name and address

# The mail about a sign-in with a new browser.
mail-sign-in-subject = New sign-in to { $site }
mail-sign-in-text =
    Hello { $name },

    somebody signed in to your account at { $site } with a browser that was not used for it before.

    When: { $time } ({ $zone })
    { $browser ->
        [none] Browser: unknown
       *[other] Browser: { $browser }
    }
    From: { $network }

    If this was you, there is nothing to do. If not, change your password now; that signs everybody else out:
    { $address }
mail-reuse-subject = A session at { $site } was ended
mail-reuse-text =
    Hello { $name },

    a program showed a key to your account at { $site } that had been used before, so somebody may have a copy of it. The session was ended, and the program has to sign in again.

    When: { $time } ({ $zone })
    From: { $network }

    If a program of yours did not simply ask twice, look at your sessions and change your password:
    { $address }

# What can go wrong: who is asking.
problem-email-taken = An account with this e-mail address exists already.
    .title = E-mail address taken
problem-last-owner = Somebody must remain owner. Make another person owner first.
    .title = The last owner
problem-credentials-invalid = E-mail address or password is not right.
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
problem-token-expired-or-used = This link has been used or has expired. Please ask for a new one.
    .title = Link no longer valid
problem-current-password-wrong = The present password is not right.
    .title = Password not right

# Proving once more who one is.
account-sudo = Confirm that it is you
account-sudo-text = What you want to do needs your password. After that you can go on for 10 minutes.
account-sudo-link = You have no password. Sign out, and sign in with a new link; then you can go on for 10 minutes.
account-sudo-confirm = Confirm
