page-story = Kisah kami
page-travel = Cara ke sana
page-stay = Tempat menginap
page-questions = Soal jawab
page-other = Halaman lain
page-links = Maklumat berguna
question-meal = Untuk { $event }: hanya jika anda hadir.
question-meal-required = Untuk { $event }: perlu dijawab oleh yang hadir.

## Tuan rumah

host-info-pages = Halaman untuk tetamu
host-info-pages-text = Kisah anda, jalan ke sana, tempat menginap: tetamu menemui halaman ini pada halaman umum dan pada jemputan mereka.
host-page-new = Halaman baharu
host-page-where = Halaman ini
host-page-remove = Buang halaman ini
host-page-remove-effect = Teksnya dipadam dalam semua bahasa. Ini tidak boleh dibatalkan.
host-page-kind = Tentang
host-page-title = Tajuk
host-page-title-hint = Kosong: dengan kata-kata kami, dalam setiap bahasa.
host-page-body = Teks
host-page-body-hint = Baris kosong memulakan perenggan baharu. Tanda: ## tajuk, - senarai, **tebal**, [perkataan](https://example.com). Jika tiada teks dalam bahasa mereka, tetamu membaca bahasa lain.
host-page-audience = Siapa melihatnya
host-page-everybody = Sesiapa yang ada pautan
host-page-invited = Tetamu yang dijemput
host-page-nobody = Belum sesiapa
host-page-see = Lihat halaman
host-page-missing = Belum ada dalam { $languages }
host-log-pages = mengubah halaman untuk tetamu
host-answer-meal = Hidangan, untuk dapur
host-meal-open = Belum memilih
host-filter-answer-open = { $question } – belum memilih
host-export-meal = Hidangan
host-export-sheet-meals = Hidangan, berapa
