# What everybody reads.
post-articles = Blog
post-notes = Note
post-tagged = Articoli su “{ $tag }”
post-tags = Tag
post-none = Qui non c’è ancora niente.
post-older = Meno recenti
post-feed = Feed
post-search = Cerca
post-search-words = Parole
post-search-none = Nessun risultato.
post-search-more = Altri
problem-gone = Questo contenuto è stato ritirato.
    .title = Non più disponibile
