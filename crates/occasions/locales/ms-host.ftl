### Teks untuk tuan rumah sahaja, selain halaman mereka: lajur fail dan kata keadaan.

host-yes = Ya
host-no = Tidak

## Apa yang boleh dibuat oleh keluarga sekarang

host-access-open = Dibuka
host-access-closed = Ditutup
host-access-locked = Dikunci
host-access-expired = Majlis sudah berakhir
host-access-revoked = Diarkibkan

## Cara jawapan diterima

host-source-web = Di halaman
host-source-api = Melalui program
host-source-socket = Secara langsung
host-source-import = Daripada fail
host-source-phone = Melalui telefon

## Siapa yang meletakkan tetamu dalam senarai

host-guest-named = Dinamakan oleh tuan rumah
host-guest-plus-one = Dibawa bersama

## Fail

host-export-sheet-guests = Tetamu
host-export-sheet-households = Keluarga
host-export-sheet-replies = Jawapan
host-export-sheet-diets = Makanan, berapa orang
host-export-sheet-diets-people = Makanan, siapa
host-export-sheet-questions = Soalan
host-export-household = Keluarga
host-export-guest = Tetamu
host-export-code = Kod
host-export-email = E-mel
host-export-phone = Telefon
host-export-address = Alamat pos
host-export-language = Bahasa
host-export-tags = Tag
host-export-access = Jawapan
host-export-guests = Tetamu
host-export-yes = Hadir
host-export-no = Tidak hadir
host-export-undecided = Belum pasti
host-export-pending = Jawapan belum lengkap
host-export-response = Status jawapan
host-export-deadline = Tarikh akhir sendiri
host-export-sent = Dihantar
host-export-opened = Kali terakhir dilihat
host-export-answered = Dijawab
host-export-note = Nota daripada keluarga
host-export-host-message = Pesanan kepada keluarga
host-export-host-note = Nota antara tuan rumah
host-export-kind = Jenis
host-export-contacts = Dengan kod dan maklumat hubungan
host-export-child = Kanak-kanak
host-export-age = Umur
host-export-diets = Keperluan makanan
host-export-diet-note = Makanan, dalam kata sendiri
host-export-event = Acara
host-export-answer = Jawapan
host-export-source = Cara
host-export-question = Soalan
host-export-diet = Keperluan makanan
host-export-allergy = Alahan
host-export-people = Orang
