host-hear = Tell me about answers
host-hear-text = Choose how you hear when a household answers or changes its answers. This is for you alone; other hosts choose for themselves.
host-hear-no-mail = Email about answers cannot leave yet: somebody who runs this site has to let this occasion send email first. Notices on the site work.
host-hear-by-mail = By email
host-hear-on-site = By notice on the site
host-hear-hour = Hour of the daily notification
host-hear-hour-hint = Only for “once a day”.
host-hear-at-once = At once
host-hear-daily = Once a day
host-hear-never = Never
host-notice-answer = { $about } answered.
host-notice-answers = { $about }: there are new answers.
host-heard-subject-one = { $household } answered: { $hosts }
host-heard-subject = { $n ->
    [one] 1 household answered: { $hosts }
   *[other] { $n } households answered: { $hosts }
}
host-heard-yes = { $n ->
    [one] 1 is coming
   *[other] { $n } are coming
}
host-heard-no = { $n ->
    [one] 1 is not coming
   *[other] { $n } are not coming
}
host-heard-open = { $n ->
    [one] 1 is open
   *[other] { $n } are open
}
host-heard-more = { $n ->
    [one] And 1 more household.
   *[other] And { $n } more households.
}
host-heard-text =
    Hello { $name },

    answers for { $hosts } were saved:

    { $households }

    All answers, the latest first:
    { $list }

    You chose to get this email. Choose here how often it comes, or that it no longer does:
    { $settings }
