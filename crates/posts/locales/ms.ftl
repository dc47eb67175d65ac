# What everybody reads.
post-articles = Blog
post-latest = Artikel terkini
post-latest-all = Semua artikel
post-notes = Catatan
post-tagged = Rencana tentang “{ $tag }”
post-tags = Tag
post-none = Belum ada apa-apa di sini.
post-older = Lebih lama
post-feed = Suapan
post-search = Cari
post-search-words = Perkataan
post-search-none = Tiada apa-apa ditemui.
post-search-more = Lagi
post-newsletter = Terima rencana baharu melalui e-mel

# The mail about a new article.
post-mail-subject = { $title } – { $site }
post-mail-text = { $site } ada rencana baharu:

    { $title }

    { $excerpt }

    { $address }

    Anda menerima e-mel ini kerana anda meminta rencana baharu melalui e-mel. Ubah pilihan itu di { $settings }

# The pages of editors.
post-write = Tulis dan ubah siaran
post-all = Siaran
post-group = Penulisan
post-begin = Siaran
post-begin-text = Rencana di laman ini
post-new-article = Rencana baharu
post-new-note = Catatan baharu
post-page = Lihat halaman
post-preview = Pratonton
post-save = Simpan
post-cancel = Batal
post-saved = Disimpan.
post-deleted = Dipadam.
post-delete = Padam
post-delete-title = Padamkan ini
post-delete-effect = Ini tidak boleh dibatalkan.

# The form.
post-kind = Jenis
post-kind-article = rencana
post-kind-note = catatan
post-section-text = Teks
post-section-published = Penerbitan
post-title = Tajuk
post-body = Teks
post-body-hint = Markdown: *penekanan*, **tebal**, [pautan](https://example.org), # tajuk kecil. HTML ditunjukkan sebagai teks.
post-excerpt = Petikan
post-excerpt-hint = Untuk senarai dan suapan. Jika kosong: kata-kata awal teks.
post-tags-hint = Paling banyak 20, diasingkan dengan koma.
post-section-image = Gambar
post-image = Gambar
post-image-hint = JPEG, PNG atau WebP. Saiznya diubah, dan butiran seperti lokasi dibuang.
post-image-alt = Keterangan gambar
post-image-alt-hint = Untuk mereka yang tidak dapat melihat gambar. Perlu sebelum anda menerbitkan.
post-image-remove = Buang gambar
post-image-again = Sila pilih gambar sekali lagi; gambar itu tidak disimpan.
post-state = Keadaan
post-draft = Draf
post-scheduled = Dijadualkan
post-published = Diterbitkan
post-withdrawn = Ditarik balik
post-event-published = satu pos diterbitkan
post-event-withdrawn = satu pos ditarik balik
post-published-at = Diterbitkan mulai
post-published-at-hint = Dalam zon waktu anda. Jika kosong: mulai sekarang.
post-slug = Bahagian akhir alamat
post-slug-hint = Huruf kecil, angka dan tanda sempang. Jika kosong: daripada tajuk.

# Tokens.
post-scope-read = melihat semua siaran laman ini, termasuk draf
post-scope-write = menulis, menerbitkan dan menarik balik siaran laman ini

# What is refused.
problem-post-published = Yang sudah diterbitkan boleh diubah atau ditarik balik, tetapi tidak menjadi draf semula dan tidak dipadam.
    .title = Sudah diterbitkan
problem-gone = Ini sudah ditarik balik.
    .title = Sudah tiada

post-role-editor = penyunting terbitan laman ini
