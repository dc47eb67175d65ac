# What everybody reads.
post-articles = Blog
post-latest = Siaran terkini
post-latest-all = Semua siaran
post-notes = Catatan
post-tagged = Artikel tentang “{ $tag }”
post-tagged-about = Artikel tentang “{ $tag }” di { $site }.
post-articles-about = Artikel terbaharu di { $site }.
post-notes-about = Catatan terbaharu di { $site }.
post-tags = Tag
post-none = Belum ada apa-apa di sini.
post-older = Lebih lama
post-minutes = { $count } minit
post-earlier = Sebelumnya
post-later = Selepasnya
post-neighbours = Sebelum dan selepas
post-feed = Suapan
post-search = Cari
post-search-words = Perkataan
post-search-none = Tiada apa-apa ditemui.
post-search-more = Lagi
post-newsletter = Terima artikel baharu melalui e-mel

# The mail about a new article.
post-mail-subject = { $title } – { $site }
post-mail-text = { $site } ada artikel baharu:

    { $title }

    { $excerpt }

    { $address }

    Anda menerima e-mel ini kerana anda meminta artikel baharu melalui e-mel. Ubah pilihan itu di { $settings }

# The pages of editors.
post-write = Tulis dan ubah siaran
post-all = Siaran
post-begin = Siaran
post-begin-text = Artikel di laman ini
post-new-article = Artikel baharu
post-new-note = Catatan baharu
post-page = Lihat halaman
post-preview = Pratonton
post-save = Simpan
post-cancel = Batal
post-saved = Disimpan.
post-deleted = Dipadam.
post-delete = Padam
post-delete-title = Padam “{ $title }”?
post-delete-effect = Siaran ini dan gambar-gambarnya dipadam. Ini tidak boleh dibatalkan.

# The form.
post-kind = Jenis
post-kind-article = Artikel
post-kind-note = Catatan
post-section-text = Teks
post-section-published = Penerbitan
post-title = Tajuk
post-body = Teks
post-body-hint = Markdown: **tebal**, *penekanan*, [perkataan](https://…), ## tajuk kecil, - senarai, > petikan, [^1] nota kaki.
post-excerpt = Ringkasan
post-excerpt-hint = Untuk senarai dan suapan. Jika kosong: kata-kata awal teks.
post-tags-hint = Paling banyak 20, diasingkan dengan koma.
post-section-image = Gambar
post-image = Pilih gambar
post-image-hint = JPEG, PNG atau WebP. Saiznya diubah, dan butiran seperti lokasi dibuang.
post-image-alt = Apa yang ditunjukkan gambar
post-image-alt-hint = Untuk mereka yang tidak dapat melihatnya. Wajib diisi sebelum diterbitkan.
post-image-remove = Buang gambar
post-state = Keadaan
post-draft = Draf
post-scheduled = Dijadualkan
post-published = Diterbitkan
post-withdrawn = Ditarik balik
post-event-published = satu siaran diterbitkan
post-event-withdrawn = satu siaran ditarik balik
post-published-at = Bila
post-published-at-hint = Dalam zon waktu anda. Jika kosong: serta-merta.
post-slug = Alamat web
post-slug-hint = Huruf kecil, angka dan tanda sempang. Jika kosong: daripada tajuk.

# The editor.
post-new-page = Halaman baharu
post-kind-page = Halaman
post-one-page = Satu halaman
post-write-first = Tulis yang pertama
post-none-yet = Belum ada siaran.
post-none-yet-hint = Tulis yang pertama. Hanya penyunting melihat draf.
post-change = Ubah ini
post-back = Kembali
post-change-nothing = Kembali, jangan ubah apa-apa
post-write-tab = Tulis
post-text-picture = Letakkan gambar dalam teks
post-text-image = Gambar untuk teks
post-text-picture-add = Letakkan dalam teks
post-image-other = Gambar lain
post-image-alt-missing = Nyatakan dalam beberapa perkataan apa yang ditunjukkan gambar. Gambar itu sendiri disimpan.
post-when-at-once = sebaik diterbitkan
post-excerpt-first = ayat pertama
post-slug-of-title = daripada tajuk
post-status = { $state } · disimpan { $at }
post-save-draft = Simpan draf
post-publish = Terbitkan
post-publish-on = Terbitkan pada { $day }
post-publish-again = Terbitkan semula
post-withdraw = Tarik balik
post-withdraw-ask = Tarik balik…
post-withdraw-title = Tarik balik “{ $title }”?
post-withdraw-effect = Pembaca diberitahu bahawa siaran ini sudah tiada, dan ia hilang daripada senarai, suapan dan carian. Anda boleh menerbitkannya semula.
post-was-withdrawn = Ditarik balik.
post-delete-ask = Padam…
post-kept = Pelayar ini menyimpan teks yang anda taip di sini dan belum disimpan.
post-kept-use = Kembalikan
post-kept-drop = Buang

# Tokens.
post-scope-read = melihat semua siaran laman ini, termasuk draf
post-scope-write = menulis, menerbitkan dan menarik balik siaran laman ini

# What is refused.
problem-post-published = Yang sudah diterbitkan boleh diubah atau ditarik balik, tetapi tidak boleh menjadi draf semula atau dipadam.
    .title = Sudah diterbitkan
problem-gone = Ini sudah ditarik balik.
    .title = Sudah tiada

post-role-editor = penyunting terbitan laman ini
event-post-created = Memulakan siaran
event-post-changed = Mengubah siaran
event-post-deleted = Memadam siaran
