# What everybody reads.
post-articles = Blog
post-latest = Ultimi articoli
post-latest-all = Tutti gli articoli
post-notes = Note
post-tagged = Articoli su “{ $tag }”
post-tagged-about = Articoli su “{ $tag }” in { $site }.
post-articles-about = Gli ultimi articoli su { $site }.
post-notes-about = Le ultime note su { $site }.
post-tags = Tag
post-none = Qui non c’è ancora niente.
post-older = Meno recenti
post-minutes = { $count ->
    [one] 1 minuto
   *[other] { $count } minuti
}
post-earlier = Precedente
post-later = Successivo
post-neighbours = Precedente e successivo
post-feed = Feed
post-search = Cerca
post-search-words = Parole
post-search-none = Nessun risultato.
post-search-more = Altri
post-newsletter = I nuovi articoli per e-mail

# The mail about a new article.
post-mail-subject = { $title } – { $site }
post-mail-text = C’è un nuovo articolo su { $site }:

    { $title }

    { $excerpt }

    { $address }

    Ricevi questo messaggio perché hai scelto i nuovi articoli per e-mail. Puoi cambiare la scelta su { $settings }
problem-gone = Questo contenuto è stato ritirato.
    .title = Non più disponibile
