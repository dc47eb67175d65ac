# What everybody reads.
post-articles = Blog
post-latest = Latest posts
post-latest-all = All posts
post-notes = Notes
post-tagged = Articles about “{ $tag }”
post-tagged-about = Articles about “{ $tag }” on { $site }.
post-articles-about = The newest articles on { $site }.
post-notes-about = The newest notes on { $site }.
post-tags = Tags
post-none = Nothing is here yet.
post-older = Older
post-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}
post-earlier = Earlier
post-later = Later
post-neighbours = Earlier and later
post-feed = Feed
post-search = Search
post-search-words = Words
post-search-none = Nothing was found.
post-search-more = More
post-newsletter = Get new articles by email

# The mail about a new article.
post-mail-subject = { $title } – { $site }
post-mail-text = { $site } has a new article:

    { $title }

    { $excerpt }

    { $address }

    You get this because you asked for new articles by email. Change that at { $settings }

## Hosts: the pages of editors, and what is refused.

post-write = Write and change posts
post-all = Posts
post-begin = A post
post-begin-text = An article on this site
post-new-article = New article
post-new-note = New note
post-page = View page
post-preview = Preview
post-save = Save
post-cancel = Cancel
post-saved = Saved.
post-deleted = Deleted.
post-delete = Delete
post-delete-title = Delete “{ $title }”?
post-delete-effect = The post and its pictures are deleted. This cannot be undone.

# The form.
post-kind = Kind
post-kind-article = Article
post-kind-note = Note
post-section-text = Text
post-section-published = Publication
post-title = Title
post-body = Text
post-body-hint = Markdown: **strong**, *emphasis*, [words](https://…), ## heading, - list, > quotation, [^1] footnote.
post-excerpt = Summary
post-excerpt-hint = For lists and feeds. Empty: the first words of the text.
post-tags-hint = Up to 20, separated by commas.
post-section-image = Picture
post-image = Choose a picture
post-image-hint = JPEG, PNG or WebP. It is resized, and details such as the location are removed.
post-image-alt = What the picture shows
post-image-alt-hint = For people who cannot see it. Required before you publish.
post-image-remove = Remove the picture
post-state = State
post-draft = Draft
post-scheduled = Scheduled
post-published = Published
post-withdrawn = Withdrawn
post-event-published = a post is published
post-event-withdrawn = a post is withdrawn
post-published-at = When
post-published-at-hint = In your time zone. Empty: at once.
post-slug = Web address
post-slug-hint = Small letters, digits and hyphens. Empty: made of the title.

# The editor.
post-new-page = New page
post-kind-page = Page
post-one-page = A page
post-write-first = Write the first
post-none-yet = No posts yet.
post-none-yet-hint = Write the first. Only editors see a draft.
post-change = Change this
post-back = Back
post-change-nothing = Go back, change nothing
post-write-tab = Write
post-text-picture = Put a picture into the text
post-text-image = Picture for the text
post-text-picture-add = Put it into the text
post-image-other = Another picture
post-image-alt-missing = Say in a few words what the picture shows. The picture itself is kept.
post-when-at-once = as soon as published
post-excerpt-first = first sentences
post-slug-of-title = from the title
post-status = { $state } · saved { $at }
post-save-draft = Save draft
post-publish = Publish
post-publish-on = Publish on { $day }
post-publish-again = Publish again
post-withdraw = Withdraw
post-withdraw-ask = Withdraw…
post-withdraw-title = Withdraw “{ $title }”?
post-withdraw-effect = Readers get a page that says it is gone, and it leaves lists, feeds and search. You can publish it again.
post-was-withdrawn = Withdrawn.
post-delete-ask = Delete…
post-kept = This browser has text that you typed here and did not save.
post-kept-use = Bring it back
post-kept-drop = Discard it

# Tokens.
post-scope-read = see all posts of this site, drafts included
post-scope-write = write, publish and withdraw posts of this site

# What is refused.
problem-post-published = What was published can be changed or withdrawn, but it cannot become a draft again or be deleted.
    .title = Published already
problem-gone = This was withdrawn.
    .title = Gone

post-role-editor = editor of what this site publishes
event-post-created = Began a post
event-post-changed = Changed a post
event-post-deleted = Deleted a post
