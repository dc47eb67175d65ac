# What everybody reads.
post-articles = Blog
post-latest = Latest posts
post-latest-all = All posts
post-notes = Notes
post-tagged = Articles about “{ $tag }”
post-tags = Tags
post-none = Nothing is here yet.
post-older = Older
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
post-group = Writing
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
post-delete-title = Delete this
post-delete-effect = This cannot be undone.

# The form.
post-kind = Kind
post-kind-article = article
post-kind-note = note
post-section-text = Text
post-section-published = Publication
post-title = Title
post-body = Text
post-body-hint = Markdown: *emphasis*, **strong**, [link](https://example.org), # heading. HTML is shown as text.
post-excerpt = Excerpt
post-excerpt-hint = For lists and feeds. Empty: the first words of the text.
post-tags-hint = Up to 20, separated by commas.
post-section-image = Picture
post-image = Picture
post-image-hint = JPEG, PNG or WebP. It is resized, and details such as the location are removed.
post-image-alt = Description of the picture
post-image-alt-hint = For people who cannot see it. Required before you publish.
post-image-remove = Remove the picture
post-image-again = Please choose the picture again; it was not saved.
post-state = State
post-draft = Draft
post-scheduled = Scheduled
post-published = Published
post-withdrawn = Withdrawn
post-event-published = a post is published
post-event-withdrawn = a post is withdrawn
post-published-at = Published from
post-published-at-hint = In your time zone. Empty: from now on.
post-slug = Last part of the address
post-slug-hint = Small letters, digits and hyphens. Empty: made of the title.

# Tokens.
post-scope-read = see all posts of this site, drafts included
post-scope-write = write, publish and withdraw posts of this site

# What is refused.
problem-post-published = What was published can be changed or withdrawn, but is no draft again and is not deleted.
    .title = Published already
problem-gone = This was withdrawn.
    .title = Gone

post-role-editor = editor of what this site publishes
