# Muat naik tetamu, untuk tuan rumah.

host-uploads = Gambar tetamu
host-uploads-off = Tetamu tidak boleh menghantar gambar atau melihat galeri: ini dimatikan.
host-no-uploads = Belum ada gambar
host-no-uploads-text = Apa yang dihantar oleh tetamu menunggu di sini sehingga anda meluluskannya. Gambar yang diluluskan menjadi galeri, yang dilihat oleh tetamu sejak acara pertama bermula.
host-uploads-none-here = Tiada apa-apa di sini.
host-upload-pending = Menunggu
host-upload-approved = Dalam galeri
host-upload-rejected = Ditolak
host-upload-choose = Pilih
host-upload-approve = Masukkan ke galeri
host-upload-reject = Tolak
host-upload-delete = Padam…
host-upload-delete-title = Padam apa yang dihantar oleh tetamu?
host-upload-delete-effect = { $n ->
   *[other] { $n } fail dipadam bagi anda dan bagi keluarga yang menghantarnya. Ini tidak boleh diundur.
}
host-upload-delete-go = Padam
host-upload-keep = Kembali, jangan ubah apa-apa
host-upload-name = Nama fail
host-upload-caption = Apa yang ditunjukkan
host-upload-bytes = Bait
host-upload-file = Fail dalam storan
host-upload-day = Dihantar pada
host-done-upload-approved = Gambar itu ada dalam galeri.
host-done-upload-rejected = Ditolak. Hanya anda dan keluarga yang menghantarnya melihatnya.
host-done-upload-deleted = Dipadam.
host-done-upload-none = Tiada yang dipilih, jadi tiada yang berubah.
host-look-uploads = Gambar yang menunggu anda
host-switch-uploads = Gambar daripada tetamu
host-switch-uploads-on = Keluarga menghantar gambar dan dokumen. Apa yang anda luluskan menjadi galeri sejak acara pertama bermula.
host-export-uploads = Gambar tetamu
host-export-sheet-uploads = Gambar
host-log-upload-added = menghantar gambar atau dokumen
host-log-upload-removed = membuang gambar atau dokumen
host-log-upload-approved = memasukkan gambar atau dokumen ke galeri
host-log-upload-rejected = menolak gambar atau dokumen
host-log-upload-returned = mengembalikan gambar atau dokumen kepada yang menunggu
host-log-upload-deleted = memadam gambar atau dokumen
