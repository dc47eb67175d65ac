## Hosts: everybody here has an account.

# Signing in.
account-sign-in = Sign in
account-email = E-mail address
account-password = Password
account-remember = Keep me signed in on this device
account-guests = Invited to a celebration?
account-guests-link = Open your invitation with its code
account-problem = There is a problem
account-name = Your name
account-password-hint = At least 10 characters. A few words together are easy to remember.

# A link that signs in once.
account-link = Sign in with this link
account-link-text = The link works once. Press the button to sign in on this device.
account-link-use = Sign in on this device

# The first owner.
account-setup = Set up Kenduri
account-setup-text = Nobody owns this installation yet. You will be its owner, and can then create occasions and invite others to help.
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
account-token-one = One occasion only
account-token-remove = Take back
account-token-days = Works for so many days (1 to 366)
account-token-create = Make a token
account-token-made = The new token
account-token-once = Copy it now: it is shown this once and kept nowhere.
account-right-profile-read = see your name and address
account-right-occasion-read = see occasions, events, invitations and guests, with codes and contact data
account-right-occasion-write = change occasions, events, invitations and guests, without seeing them
account-right-rsvps-read = see answers, food needs and notes
account-right-rsvps-write = answer for guests

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
