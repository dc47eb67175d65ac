### Teks untuk tuan rumah sahaja, selain halaman mereka: lajur fail dan kata keadaan.

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
host-source-waitlist = Daripada senarai menunggu

## Fail

host-export-guests = Tetamu
host-export-kind = Jenis
host-export-contacts = Dengan kod dan maklumat hubungan
host-export-diets = Keperluan makanan

## What can go wrong for hosts and programs.
problem-names-nobody = Keluarga ini tiada nama, hanya bilangan orang. Ubah bilangan itu pada halaman keluarga.
    .title = Hanya bilangan orang
problem-code-taken = Kod ini sudah digunakan. Sila pilih yang lain.
    .title = Kod sudah digunakan
problem-downloads-busy = Dua muat turun gambar sedang berjalan. Sila cuba lagi dalam beberapa minit.
    .title = Tunggu sebentar
problem-picture-type = Ini bukan gambar JPEG, PNG, WebP atau GIF, atau gambar itu terlalu besar atau rosak.
    .title = Bukan gambar
problem-picture-heic = Simpan sebagai JPEG, kerana pelayar tidak dapat memaparkan format ini (HEIC).
    .title = Gambar HEIC
problem-code-guessable = Kod ini mudah diteka. Pilih yang lain, atau sahkan bahawa anda mahukannya.
    .title = Mudah diteka
problem-day-and-unknown = Kosongkan hari, atau buang tanda “Kami belum tahu harinya”.
    .title = Ada hari dan tiada hari
problem-end-and-unknown = Kosongkan masa tamat, atau jangan nyatakan bahawa ia belum diketahui.
    .title = Ada masa tamat dan tiada masa tamat
problem-day-answered = Tetamu sudah menjawab untuk tarikh ini. Tetapkan tarikh baharu apabila anda sudah tahu.
    .title = Tetamu sudah menjawab
problem-day-chosen = Ada tetamu yang tidak dijemput ke acara ini. Tanpa tarikh, pilihan itu akan hilang. Tetapkan tarikh baharu apabila anda sudah tahu.
    .title = Tidak semua dijemput
problem-deadline-over = Tarikh akhir jawapan sudah berlalu. Tetapkan dahulu tarikh yang lebih lewat.
    .title = Jawapan sudah ditutup
problem-deadline-without-day = Tetamu menjawab selepas harinya diketahui. Biarkan tarikh akhir jawapan kosong sehingga itu.
    .title = Tiada hari untuk dijawab
problem-cancels-for-coming = { $n } orang sudah menjawab ya, dan akan melihat bahawa acara ini dibatalkan sebaik sahaja anda menyimpan. Jika memang dibatalkan, tandakan baris di bawah.
    .title = Ada yang sudah menjawab ya
problem-year-doubtful = Betulkah tahunnya? Harinya sudah berlalu, atau kira-kira setahun dari hari asal.
    .title = Betulkah tahunnya?
problem-last-event = Setiap majlis memerlukan sekurang-kurangnya satu acara.
    .title = Acara terakhir
problem-question-in-use = Soalan ini telah dijawab: apa yang ditanya dan kepada siapa tidak boleh diubah lagi. Ketepikan soalan ini dan tanya yang baharu.
    .title = Soalan telah dijawab
problem-exports-waiting = { $limit ->
    [none] Fail lain masih disediakan. Sila tunggu sehingga satu daripadanya siap.
   *[other] { $limit } fail sedang disediakan. Sila tunggu sehingga satu daripadanya siap.
}
    .title = Fail sedang disediakan

## What other pages say of occasions: who signs in, their tokens, where to go.
host-occasions = Majlis
host-occasions-yours = Majlis anda
host-begin = Perkahwinan atau majlis lain
host-begin-text = Jemputan dan RSVP
host-card-coming = daripada { $guests } akan hadir
host-sign-in-guests = Dijemput ke majlis?
host-sign-in-guests-link = Buka jemputan dengan kodnya
host-token-one = Satu majlis sahaja
host-scope-occasion-read = melihat majlis, acara, jemputan dan tetamu, dengan kod dan maklumat hubungan
host-scope-occasion-write = mengubah majlis, acara, jemputan dan tetamu, tanpa melihatnya
host-scope-rsvps-read = melihat jawapan, keperluan makanan dan pesanan
host-scope-rsvps-write = menjawab bagi pihak tetamu
notification-members-occasion = { $about } membuat satu majlis. Majlis itu hanya menghantar e-mel pengesahan sehingga anda membenarkan lebih daripada itu.

## Fail dengan senarai

problem-file-too-large = Fail ini terlalu besar: paling banyak 10 MB, kenalan bergambar 50 MB.
    .title = Fail terlalu besar
problem-file-too-many-rows = Senarai ini terlalu panjang: paling banyak 10,000 baris.
    .title = Senarai terlalu panjang
problem-file-too-many-columns = Senarai ini terlalu lebar: paling banyak 100 lajur.
    .title = Senarai terlalu lebar
problem-file-not-text = Kami tidak dapat membaca fail ini. Simpan senarai anda sebagai fail Excel (XLSX) atau CSV, atau pilih fail kenalan.
    .title = Bukan senarai
problem-file-unclosed-quote = Satu tanda petik tidak ditutup. Ia bermula di baris { $line }.
    .title = Tanda petik tidak ditutup
problem-file-bad-workbook = Fail Excel ini rosak atau dilindungi kata laluan.
    .title = Fail Excel tidak dapat dibaca
problem-file-empty = Tiada senarai dalam fail ini: ia memerlukan tajuk dan sekurang-kurangnya satu baris.
    .title = Tiada senarai dalam fail
problem-occasion-not-published = Terbitkan majlis dahulu: sebelum itu, pautan tidak membuka apa-apa.
    .title = Belum diterbitkan
problem-mail-not-allowed = Majlis ini tidak dibenarkan menghantar e-mel buat masa ini. Pengendali laman ini boleh membenarkannya.
    .title = E-mel tidak dibenarkan
problem-placeholder-unknown = { $near ->
    [none] { $name } bukan medan. Di bawah teks, anda dapat melihat nama yang boleh digunakan.
   *[other] { $name } bukan medan. Maksud anda { $near }?
}
    .title = Nama dalam kurungan tidak dikenali
problem-text-missing = Sila tulis teksnya dahulu.
    .title = Teks tiada
problem-sender-unverified = E-mel kepada ramai orang belum dapat dihantar, kerana e-mel laman ini belum disediakan sepenuhnya. Pengendali laman dapat melihat apa yang tiada di halaman “E-mel dan DNS”.
    .title = E-mel kepada ramai orang belum disediakan
problem-nobody-to-reach = Tiada sesiapa akan menerima mesej ini, jadi tiada apa-apa dihantar.
    .title = Tiada penerima
problem-sending-off = Ada sesuatu yang menghalang penghantaran. Halaman “Hantar” menerangkannya dan di mana ia boleh dibetulkan.
    .title = Penghantaran dimatikan
