### What guests read, in Malay. "tuan/puan" where the tone is formal, "anda" else.

## Everywhere

guest-questions = Ada pertanyaan? Hubungi { $contact }.
guest-forget = Bukan { $household }? Keluarkan jemputan ini dari peranti ini
guest-child = kanak-kanak
guest-child-age = { $age ->
    [0] kanak-kanak, bawah 1 tahun
   *[other] kanak-kanak, { $age } tahun
}
guest-of = Tetamu { $name }
guest-above-allowance = Melebihi jumlah yang dipersetujui
guest-your-time = { $time } di tempat anda
guest-back = Kembali ke jemputan

# Between things of a list, and between two sentences.
list-comma = { ", " }
sentence-space = { " " }

## Answers, as stored

reply-yes = Akan hadir
reply-no = Tidak hadir
reply-undecided = Belum pasti
reply-pending = Belum dijawab
reply-waitlisted = Senarai menunggu
reply-waitlisted-explained = Kami akan maklumkan apabila ada tempat kosong.
reply-waitlisted-look = Apabila ada tempat kosong, anda akan melihatnya di halaman ini.
reply-waits = Anda dalam senarai menunggu: { $events }.

count-yes = { $n } orang akan hadir
count-no = { $n } orang tidak hadir
count-partly = { $n } orang baru menjawab sebahagian
count-undecided = { $n } orang belum pasti
count-waitlisted = { $n } orang dalam senarai menunggu
count-pending = { $n } orang belum menjawab

## Closing of answers

closing-day = Sila jawab selewat-lewatnya pada { $date }. Jawapan boleh diubah hingga tarikh itu.
closing-moment = Sila jawab sebelum { $moment }. Jawapan boleh diubah hingga waktu itu.
closing-tonight = Sila jawab hari ini: jawapan ditutup pada tengah malam ini.
closing-today = Sila jawab hari ini: jawapan ditutup pada pukul { $time }.
closing-days = Tinggal { $n } hari lagi.
closing-soon = { $n ->
    [1] Iaitu esok, { $weekday }.
   *[other] Iaitu { $n } hari lagi, { $weekday }.
}
closing-change-day = Hari terakhir untuk mengubah jawapan: { $date }.
closing-change-moment = Jawapan boleh diubah hingga { $moment }.
closing-change-open = Jawapan boleh diubah pada bila-bila masa.
closing-passed = Jawapan telah ditutup semasa anda di sini. Muat semula halaman untuk melihat jawapan anda yang disimpan.

closed-title = Jawapan ditutup pada { $date }
closed-title-undated = Jawapan sudah ditutup
closed-text = Inilah jawapan yang kami terima.
closed-text-none = Kami belum menerima jawapan anda.
closed-ask = Untuk perubahan, sila hubungi { $contact }.
closed-ask-none = Jika masih ingin menjawab, sila hubungi { $contact }.
locked-title = Jawapan sudah di tangan tuan rumah
locked-title-none = Jawapan untuk keluarga anda sudah ditutup
locked-text = Untuk mengubah jawapan, sila hubungi tuan rumah.
locked-text-none = Jika masih ingin menjawab, sila hubungi tuan rumah.
locked-ask = Untuk mengubah jawapan, sila hubungi { $contact }.

## Tones: how a household is spoken to

salutation-formal = { $household } yang dihormati,
salutation-casual = { $household } yang diingati,
salutation-fun = Hai, { $household }!

saved-coming-formal = Telah disimpan, terima kasih. Kami menantikan kehadiran tuan/puan sekeluarga.
saved-coming-casual = Telah disimpan, terima kasih. Jumpa anda sekeluarga nanti!
saved-coming-fun = Telah disimpan, terima kasih. Tanpa anda, tak lengkaplah hari itu!
saved-declined-formal = Telah disimpan, terima kasih kerana memaklumkan. Ketiadaan tuan/puan akan dirasai.
saved-declined-casual = Telah disimpan, terima kasih kerana memberitahu kami. Kami akan teringatkan anda.
saved-declined-fun = Telah disimpan. Alahai, sayangnya! Kami pasti rindukan anda.
saved-waiting = Telah disimpan. Anda berada dalam senarai menunggu.
saved-partly = Telah disimpan, terima kasih. Masih ada jawapan yang belum diisi.

## Code entry

code-title = Buka jemputan anda
code-label = Kod pada kad anda
code-hint = 5 hingga 8 huruf atau angka
code-open = Buka
code-preview = Taip kod pada kad anda untuk melihat jemputan dan menjawabnya.
code-alike = O dan 0, serta I, L dan 1, dikira sama. Huruf besar, huruf kecil dan ruang kosong tidak membawa beza.
code-hosts = Tuan rumah: log masuk
code-malformed = Kod mengandungi 5 hingga 8 huruf atau angka.
code-unknown = Kod ini tidak kami kenali. O dan 0, serta I, L dan 1, dikira sama.
code-elsewhere = Halaman ini terlalu lama dibuka. Sila hantar kod itu sekali lagi.
code-too-many = Terlalu banyak percubaan. Sila cuba lagi dalam { $minutes } minit. Pautan daripada tuan rumah, dan jemputan yang pernah dibuka dalam pelayar ini, masih boleh dibuka.
code-too-many-hours = Terlalu banyak percubaan. Sila cuba lagi dalam { $hours } jam. Pautan daripada tuan rumah, dan jemputan yang pernah dibuka dalam pelayar ini, masih boleh dibuka.
code-name-label = Satu nama pada jemputan
code-name-hint = Nama anda atau nama keluarga sudah memadai.
code-name-required = Banyak kod yang salah telah dicuba baru-baru ini. Untuk membuka jemputan anda, sila taip juga satu nama yang tertera padanya.
code-unknown-name = Kod ini bersama nama ini tidak kami kenali. O dan 0, serta I, L dan 1, dikira sama.
code-known = Pernah dibuka pada peranti ini
code-continue = Teruskan
code-continue-as = Teruskan sebagai { $household }

## Portal

portal-title-open = Jawab jemputan
portal-title-partly = Dijawab sebahagian
portal-title-answered = Jawapan anda
portal-title-closed = Jawapan ditutup
portal-answer = Jawab jemputan
portal-answer-rest = Jawab yang selebihnya
portal-change = Ubah jawapan
portal-answered = Jawapan anda telah kami terima: { $counts }.
portal-partly = Setakat ini: { $counts }.
portal-the-day = Hari majlis
portal-the-days = Hari-hari majlis
portal-today = Hari ini
portal-days-left = { $n } hari lagi
portal-map = Peta
portal-google-maps = Google Maps
portal-waze = Waze
portal-google-calendar = Google Calendar
preview-household = Keluarga Rahman
portal-outlook = Outlook
portal-calendar = Tambah ke kalendar
portal-schedule = Atur cara
portal-dress = Pakaian: { $dress }
portal-yours = Jawapan anda
people-diets = Keperluan makanan: { $diets }
portal-more = Lagi
portal-code = Kod anda: { $code }

tile-dietary = Keperluan makanan
tile-note = Pesanan kepada tuan rumah
tile-none = Belum diisi
tile-diets = Untuk { $n } orang
tile-note-written = Sudah ditulis

## The household form

answer-title = Sudikah hadir bersama kami?
answer-intro = Satu jawapan bagi setiap orang. Sebahagiannya boleh dibiarkan dahulu dan diisi kemudian.
answer-jump = Pergi ke
answer-everyone = Semua akan hadir
answer-everyone-done = Semua kini ditanda akan hadir. Belum ada yang disimpan.
answer-nobody = Kami semua tidak dapat hadir
answer-nobody-done = Semua kini ditanda tidak hadir. Belum ada yang disimpan.
answer-undo = Batalkan

choice-yes = Hadir
choice-no = Tidak
choice-undecided = Belum pasti
choice-yes-to = akan hadir ke { $event }, { $person }
choice-no-to = tidak hadir ke { $event }, { $person }
choice-undecided-to = belum pasti tentang { $event }, { $person }
choice-left = Tinggal { $n } tempat
choice-full = Penuh
choice-full-waiting = Penuh: senarai menunggu
choice-left-list = Jika anda memerlukan lebih banyak tempat, anda akan dimasukkan ke dalam senarai menunggu.

answer-name = Nama
answer-add-name = Tambah nama
answer-correct-name = Betulkan nama
answer-child = Kanak-kanak
answer-age = Umur
answer-age-unknown = Tidak dinyatakan
answer-age-baby = Bawah 1 tahun
answer-remove = Keluarkan { $name }
answer-remove-unnamed = Keluarkan orang ini
answer-removed = Akan dikeluarkan apabila disimpan. Batalkan
answer-taken-back = Dikeluarkan. Batalkan

answer-bring = Bawa tetamu
answer-bring-family = Bawa keluarga atau tetamu
answer-places-people = Anda boleh membawa { $allowed } orang; { $left ->
    [0] tiada tempat lagi
   *[other] tinggal { $left } tempat
}.
answer-places-children = Anda boleh membawa { $allowed } kanak-kanak; { $left ->
    [0] tiada tempat lagi
   *[other] tinggal { $left } tempat
}.
answer-places-both = Tinggal { $children } tempat kanak-kanak dan { $guests } tempat tetamu.
answer-new-person = Orang ke-{ $n }
answer-comes = Orang ini akan hadir
answer-all-events = Hadir ke acara yang sama seperti anda, atau sebahagian sahaja
answer-add = Tambah seorang lagi
answer-add-child = Tambah seorang kanak-kanak
answer-only-children = Hanya tempat untuk kanak-kanak yang masih ada.

answer-diets = Keperluan makanan
answer-diets-count = Keperluan makanan ({ $n })
answer-diets-for = Keperluan makanan { $name }
answer-diets-purpose = Keperluan makanan: untuk pihak dapur sahaja, dipadam 30 hari selepas majlis.
answer-noted =
    Sebelum anda menyimpan, tuan rumah boleh melihat pada hari apa borang ini dibuka, dan apa yang
    tertinggal jika borang tidak dapat disimpan. Apa yang anda taip tidak dapat dilihat.
answer-noted-days = Setakat ini dibuka { $n } kali, mula-mula pada { $first }, kali terakhir pada { $last }.
answer-noted-refused = Tidak dapat disimpan pada { $day }.
answer-noted-missing = Tidak dapat disimpan pada { $day }: “{ $field }” tertinggal.
answer-diets-note = Perkara lain yang perlu diketahui pihak dapur
answer-diets-nobody = Tiada sesiapa yang akan hadir, jadi keperluan makanan tidak perlu diisi.

answer-note = Pesanan kepada { $hosts }
answer-note-hint = Hanya mereka yang membacanya.
answer-note-left = Tinggal { $n } daripada 4,000 huruf

answer-count = { $n } daripada { $total } sudah dijawab
answer-save = Simpan
answer-saving = Sedang menyimpan…
answer-unsaved = Belum disimpan
answer-saved-at = Disimpan pada pukul { $time }
answer-failed = Belum ada yang disimpan. Jawapan anda masih di sini; sila cuba lagi.
answer-elsewhere = Halaman ini terlalu lama dibuka, jadi belum ada yang disimpan. Jawapan anda masih di sini; sila simpan sekali lagi.
answer-draft = Isian anda yang belum disimpan masih ada di sini.
answer-discard = Buang isian itu
answer-error-title = Ralat: { $title }

complaint-name-required = Isi nama tetamu, atau keluarkan orang ini.
complaint-name-long = Nama ini terlalu panjang: paling banyak { $n } huruf.
complaint-age = Pilih umur dari 0 hingga 17.
complaint-choice = Sila pilih salah satu jawapan.
complaint-not-invited = Orang ini tidak dijemput ke { $event }.
complaint-plus-ones = Anda boleh membawa { $allowed } orang; { $left ->
    [0] tiada tempat lagi
   *[other] tinggal { $left } tempat
}.
complaint-only-children = Hanya tempat untuk kanak-kanak yang masih ada. Sila tandakan “Kanak-kanak” jika benar.
complaint-children = Anda boleh membawa { $allowed } kanak-kanak; { $left ->
    [0] tiada tempat lagi
   *[other] tinggal { $left } tempat
}.
complaint-guests = Satu jemputan memuatkan paling ramai { $n } orang.
complaint-full = Tempat untuk { $event } tidak mencukupi: { $left ->
    [0] tiada tempat lagi
   *[other] tinggal { $left } tempat
}.
complaint-diet-note = Anda memilih “Lain-lain”: nyatakan maksudnya kepada pihak dapur.
complaint-diet-unknown = Sila pilih daripada senarai.
complaint-too-long = Teks ini terlalu panjang: paling banyak { $n } huruf.
complaint-named-guest = Hanya tuan rumah boleh mengeluarkan orang ini.

## Food needs that every occasion starts with

diet-vegetarian = Vegetarian
diet-vegan = Vegan
diet-gluten-free = Tanpa gluten
diet-dairy-free = Tanpa susu
diet-nut-allergy = Alahan kekacang
diet-shellfish-allergy = Alahan udang, ketam dan kerang
diet-halal = Halal
diet-kosher = Kosher
diet-no-beef = Tanpa daging lembu
diet-no-pork = Tanpa daging babi
diet-other = Lain-lain

## Soalan lain daripada tuan rumah

question-household-ask = Beberapa soalan untuk anda sekeluarga
question-household = Keluarga anda
question-required = Perlu dijawab oleh yang hadir.
question-coming = Hanya jika anda hadir.
question-open = Tiada jawapan
question-yes = Ya
question-no = Tidak
complaint-question-required = Sila jawab: { $question }
complaint-question-number = Sila tulis nombor bulat: { $question }
complaint-question-date = Sila tulis tarikh seperti 2027-01-16: { $question }
complaint-question-choice = Sila pilih daripada senarai: { $question }
complaint-question-long = Terlalu panjang, paling banyak { $n } huruf: { $question }
complaint-question-gone = Salah satu soalan tidak lagi ditanya. Sila semak borang dan simpan sekali lagi.

## Confirmation

saved-title = Telah disimpan
saved-counts = { $counts }.
saved-calendar = Tambah ke kalendar
saved-mail = Salinannya kami hantar ke { $address }.
saved-no-mail = Kami tidak menghantar salinan melalui e-mel, kerana laman ini belum membenarkan tuan rumah ini menghantar e-mel dengan bebas. Jawapan anda disimpan, dan anda dapat melihatnya di sini.
saved-no-server = Kami tidak menghantar salinan melalui e-mel, kerana laman ini tidak menghantar e-mel. Jawapan anda disimpan, dan anda dapat melihatnya di sini.

## Food needs and note by themselves

dietary-title = Keperluan makanan
dietary-intro = Untuk semua yang akan hadir atau belum pasti.
note-title = Pesanan anda

## Changed meanwhile

conflict-title = Ada yang mengubah jawapan ini semasa anda di sini
conflict-text = Pilih jawapan yang hendak disimpan.
conflict-saved = Disimpan sementara itu: { $value }
conflict-yours = Jawapan anda: { $value }
conflict-nothing = kosong
conflict-name = Nama { $name }
conflict-merged = Selebihnya sudah digabungkan.

## Too late

late-title = Apa yang telah anda taip, belum disimpan
late-text = Jawapan telah ditutup sebelum ini sempat disimpan. Anda boleh menyalinnya dan menghantarnya kepada tuan rumah.

## Public page of an occasion

card-title = Jemputan
card-enter = Sudah menerima jemputan?
card-preparing = Dalam persiapan
card-preparing-text = Halaman ini sedang disediakan. Sila datang semula sedikit masa lagi.
card-preparing-host = Hanya anda dapat melihatnya. Ini masih draf.

## After it, when it is archived

thanks-title = Terima kasih
thanks-text = Terima kasih kerana menjadi sebahagian daripadanya.
thanks-days-since = { $n ->
    [0] Majlis itu berlangsung hari ini.
    [1] Majlis itu berlangsung semalam.
   *[other] Majlis itu berlangsung { $n } hari yang lalu.
}

## Mail after saving

mail-confirmation-subject = Jawapan anda: { $hosts }
mail-moved-up-subject = Ada tempat untuk anda: { $hosts }
mail-moved-up = Ada tempat yang telah kosong, dan anda tidak lagi dalam senarai menunggu.
mail-confirmation-list = Inilah jawapan yang kami terima:
mail-confirmation-open = Buka jemputan
mail-confirmation-or = Atau pergi ke { $address } dan masukkan { $code }.
mail-confirmation-why = Anda menerima e-mel ini kerana jawapan telah disimpan untuk { $household }. Bukan anda? Sila maklumkan kepada { $contact }.
mail-confirmation-why-plain = Anda menerima e-mel ini kerana jawapan telah disimpan untuk { $household }.
mail-restricted-subject = Jawapan anda: { $title }
mail-restricted-saved = Jawapan anda disimpan:
mail-restricted-text =
    { $intro }

    { $about }

    Lihat dan ubah jawapan anda di sini:
    { $link }

    Anda menerima e-mel ini kerana seseorang menjawab jemputan dengan alamat ini di { $site }. Jika bukan anda, abaikan e-mel ini.

## Mail to owners, when codes are being guessed

mail-guessing-subject = Ada pihak yang meneka kod jemputan di { $site }
mail-guessing-text =
    Salam { $name },

    terlalu banyak kod jemputan yang salah telah dicuba di { $site }, jadi mungkin ada pihak yang sedang meneka. Selagi keadaan ini berterusan, tetamu yang menaip kod juga diminta satu nama pada jemputan mereka.

    Anda tidak perlu berbuat apa-apa. Pautan yang telah anda hantar, dan peranti yang pernah membuka jemputan, berfungsi seperti biasa.

    Majlis anda: { $address }

## Answers without a code

card-events = Bila dan di mana
card-open = Tiada kod?
card-open-button = Jawab tanpa kod
card-wishes = Ucapan
open-intro = Anda tidak memerlukan kod: jawab untuk diri sendiri dan mereka yang datang bersama anda.
open-name = Nama anda
open-attending = Adakah anda hadir?
open-party = Berapa orang hadir, termasuk anda
open-party-hint = Paling ramai { $n }.
open-wish = Ucapan untuk { $hosts }
open-wish-public = Tuan rumah boleh memaparkannya, bersama nama anda, di halaman majlis.
open-contact = Jika mahu, beritahu tuan rumah cara menghubungi anda. Hanya mereka yang melihatnya.
open-email = E-mel
open-phone = Telefon
open-has-code = Ada kod? Buka jemputan anda
open-unconfirmed = Tempat anda masih perlu disahkan oleh tuan rumah.
open-code = Kod anda untuk perubahan kemudian ialah { $code }. Sila simpan.
complaint-open-name = Beritahu kami nama anda.
complaint-open-email = Ini bukan alamat e-mel. Sila semak semula, atau biarkan kosong.
complaint-open-party = Pilih nombor dari 1 hingga { $n }.
complaint-open-event = Sila pilih satu jawapan untuk { $event }.
complaint-open-full = { $event }: buat masa ini { $left ->
    [0] tiada lagi tempat
   *[other] hanya { $left } tempat
} untuk jawapan tanpa jemputan. Sila hubungi tuan rumah.

## What can go wrong behind an invitation's code.
problem-invitation-not-found = Kod ini tidak kami kenali. O dan 0, serta I, L dan 1, dikira sama.
    .title = Kod ini tidak kami kenali
problem-invitation-expired = Majlis ini sudah berlalu. Terima kasih kerana menjadi sebahagian daripadanya.
    .title = Majlis sudah berlalu
problem-name-required = Banyak kod yang salah telah dicuba baru-baru ini. Sila hantar juga satu nama pada jemputan.
    .title = Nama diperlukan
problem-code-malformed = Kod mengandungi 5 hingga 8 huruf atau angka.
    .title = Sila semak kod semula
problem-phone-digits-lost = Nombor ini hilang digitnya: hamparan telah meringkaskannya. Taip nombor penuh, atau biarkan kosong.
    .title = Sila semak nombor telefon
problem-code-required = Sila gunakan kod pada jemputan anda.
    .title = Kod belum diisi
problem-party-size = Satu jawapan membawa paling ramai { $limit ->
    [none] seramai yang dibenarkan tuan rumah
   *[other] { $limit } orang
}.
    .title = Terlalu ramai
problem-rsvp-deadline-passed = { $day ->
    [none] Jawapan sudah ditutup.
   *[other] Jawapan ditutup pada { $day }.
} { $contact ->
    [none] Untuk perubahan, sila hubungi tuan rumah.
   *[other] Untuk perubahan, sila hubungi { $contact }.
}
    .title = Jawapan sudah ditutup
problem-invitation-locked = { $contact ->
    [none] Untuk mengubah jawapan, sila hubungi tuan rumah.
   *[other] Untuk mengubah jawapan, sila hubungi { $contact }.
}
    .title = Jawapan sudah ditutup
problem-occasion-closed = { $contact ->
    [none] Majlis ini sudah ditutup. Untuk pertanyaan, sila hubungi tuan rumah.
   *[other] Majlis ini sudah ditutup. Untuk pertanyaan, sila hubungi { $contact }.
}
    .title = Majlis sudah ditutup
problem-feature-disabled = Tuan rumah tidak menggunakan bahagian ini.
    .title = Tiada apa-apa di sini
problem-plus-one-limit = { $allowed ->
    [none] Tiada lagi tempat untuk tetamu tambahan.
    [0] Tiada tempat untuk tetamu tambahan.
   *[other] Anda boleh membawa { $allowed } orang.
}
    .title = Tiada tempat lagi
problem-children-limit = { $allowed ->
    [none] Tiada lagi tempat untuk kanak-kanak.
    [0] Tiada tempat untuk kanak-kanak tambahan.
   *[other] Anda boleh membawa { $allowed } kanak-kanak.
}
    .title = Tiada tempat lagi
problem-guest-limit = { $limit ->
    [none] Satu jemputan tidak dapat memuatkan lebih ramai orang.
   *[other] Satu jemputan memuatkan paling ramai { $limit } orang.
}
    .title = Terlalu ramai
problem-guest-not-found = Orang ini tiada dalam jemputan.
    .title = Orang tidak dijumpai
problem-named-guest = Orang ini dijemput dengan namanya; hanya tuan rumah boleh mengeluarkannya.
    .title = Dijemput dengan nama
problem-event-not-invited = Orang ini tidak dijemput ke acara itu.
    .title = Tidak dijemput
problem-event-full = { $left ->
    [none] Tiada tempat lagi.
    [0] Tiada tempat lagi.
   *[other] Tinggal { $left } tempat sahaja.
}
    .title = Penuh
problem-open-full = Buat masa ini tiada lagi jawapan tanpa jemputan boleh diterima. Sila hubungi tuan rumah.
    .title = Tiada lagi jawapan buat masa ini
problem-dietary-note-required = Sila tulis maksud “lain-lain”.
    .title = Catatan belum diisi

## What hosts hand to a messenger, to a telephone or to a mail program

send-subject = Jemputan daripada { $hosts }
send-invite-formal = { $hosts } dengan segala hormatnya menjemput tuan/puan meraikan majlis ini bersama mereka.
send-invite-casual = { $hosts } amat gembira jika anda dapat hadir pada hari mereka.
send-invite-fun = { $hosts } akan meraikan hari istimewa, dan tanpa anda tentu tidak lengkap!
# What stands in the place of still_open, when nothing is answered and when something is.
send-open-all = Kami belum menerima jawapan anda, dan ingin sekali tahu sama ada anda dapat hadir.
send-open = Terima kasih atas jawapan anda. Jawapan yang masih kami tunggu: { $events }.
send-remind = Salam hormat, { $hosts }
send-event = { $name }: { $words }
send-moved = { $event } berpindah ke tempat lain.
send-hour = { $event } kini pada pukul { $now } (sebelum ini { $was }), { $zone }.
send-hour-new = { $event } bermula pada pukul { $now }, { $zone }.
send-day = { $event } kini pada { $now } (sebelum ini { $was }).
send-when-where = Masa dan tempat { $event } telah berubah.
send-changed = Masa atau tempat { $event } telah berubah.
send-end-moved = Masa tamat { $event } telah berubah.
send-moved-was = Sebelum ini: { $was }
send-moved-now = Sekarang: { $now }
send-moved-answer = Jika anda sudah menjawab, jawapan itu kekal. Untuk menukarnya, atau untuk menjawab:
send-moved-again = Sila maklumkan sama ada anda dapat hadir pada masa itu:
send-asked = Kami ingin bertanya sekali lagi tentang { $event }.
send-cancelled = { $event } telah dibatalkan.
send-back = { $event } tidak jadi dibatalkan dan akan diadakan.
event-place-open = Tempat akan dimaklumkan
event-end-open = masa tamat belum diketahui
event-cancelled = Dibatalkan
portal-asked-again = Masa atau tempat { $event } telah berubah. Sila jawab sekali lagi sama ada anda dapat hadir.
portal-event-changed = Butiran ini telah berubah sejak anda menjawab.
portal-event-was = Butiran ini telah berubah sejak anda menjawab. Sebelum ini: { $was }
event-cancelled-on = { $event } pada { $day } telah dibatalkan.
send-thanks = Terima kasih kerana sudi bersama kami pada hari itu.
send-thanks-gift = Terima kasih atas hadiah anda: { $gift }
send-thanks-pictures = Gambar hari itu ada di sini: { $link }
send-thanks-close = Dengan penuh penghargaan, { $hosts }
send-link = Jemputan dan jawapan anda: { $link }
send-code = Kod anda: { $code }

## Printed cards

print-by = Sila jawab selewat-lewatnya pada { $date }.
print-scan = Imbas untuk membuka jemputan dan memberi jawapan,
print-or = atau pergi ke { $address } dan masukkan kod ini:
print-request = Dengan hormatnya kami menjemput tuan/puan.
print-request-memorial = Kami menjemput anda mengenang bersama kami.

## News of the hosts
news-title = Berita
news-changed = { $day }, diubah pada { $changed }
