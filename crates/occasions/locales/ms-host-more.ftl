### Tindakan ke atas banyak jemputan, dan bagaimana majlis berakhir.

host-end = Selepas majlis
host-end-steps = Yang berlaku selepas acara terakhir
host-end-archive = Tetamu membaca ucapan terima kasih anda, dan tiada apa-apa boleh diubah
host-end-delete = Semuanya dipadam: tetamu, jawapan, fail
host-end-no-event = Apabila ada acara
host-end-text = Pemilik dimaklumkan melalui e-mel 30 hari dan 7 hari sebelumnya. Apa yang sudah dipadam tidak boleh dikembalikan, jadi buat salinan bagi apa yang hendak disimpan.
host-end-export = Buat salinan semuanya
host-end-waits = E-mel yang memaklumkan pemilik tentang pemadaman belum keluar daripada pelayan, jadi belum ada yang dipadam. Jika anda sudah ada salinan, anda boleh teruskan pemadaman tanpanya.
host-end-confirm = Padam pada hari itu, tanpa e-mel
host-end-confirmed = Seorang pemilik meneruskan pemadaman tanpa e-mel.
host-remove-occasion = Buang majlis ini
host-remove-occasion-effect = Semuanya dibuang serta-merta dan tidak boleh dikembalikan: acara, { $households } keluarga dengan { $guests } tetamu, jawapan, hadiah, gambar dan mesej mereka. Pautan dan kodnya tidak lagi berfungsi, dan tiada sesiapa dimaklumkan. Jika ada yang akan hadir, batalkan acara dahulu dan beritahu mereka.
host-remove-occasion-stays = Sandaran laman ini menyimpannya sehingga sandaran itu dipadam mengikut gilirannya; jika satu dipulihkan, majlis ini dibuang semula. Yang tinggal ialah alamat webnya, bilangan keluarga dan tetamunya, dan bila ia dibuang.
host-switch-on = Hidupkan
host-log-deletion-announced = memaklumkan pemilik tentang hari semuanya dipadam
host-log-deletion-confirmed = meneruskan pemadaman walaupun e-mel belum keluar
host-notice-deletion = { $about } akan dipadam tidak lama lagi. Buat salinan bagi apa yang hendak disimpan.
host-mail-deletion-subject = { $title } akan dipadam pada { $day }
host-mail-deletion-text =
    Salam { $name },

    Pada { $day }, semua tentang { $title } akan dipadam: tetamu, jawapan, e-mel dan fail. Semuanya tidak boleh dikembalikan.

    Jika anda hendak menyimpan salinan, buat sebelum hari itu:
    { $export }

    Di sini anda juga boleh menyimpannya lebih lama:
    { $address }

    { $site }
host-mail-deletion-pictures =
    Semua gambar dalam galeri ada di sini, sebagai satu fail untuk dimuat turun:
    { $address }

## Actions on many invitations
host-bulk-invite = Jemput ke satu acara
host-bulk-event = Acara yang mana

## A new household
host-invite-more = Lagi: bahasa, sapaan, meja, tag, tetamu tambahan, alamat, nota, kod

## Orang yang berpindah ke jemputan lain
host-split = Pisahkan, atau pindahkan orang
host-split-text = Sebahagian daripada mereka mendapat jemputan sendiri, atau berpindah ke jemputan lain.
host-split-effect = Jawapan mereka ikut berpindah. Jemputan baharu adalah untuk acara yang sama, dengan kodnya sendiri. Jika semua orang berpindah, gabungkan kedua-dua keluarga itu.
host-split-people = Siapa yang berpindah
host-split-household = Nama keluarga baharu
host-split-household-hint = Untuk jemputan mereka sendiri.
host-split-code = Atau kod jemputan lain
host-split-code-hint = Jika diisi, mereka berpindah ke situ.
host-split-do = Pindahkan

## Berita untuk tetamu
host-news = Berita
host-new-news = Tulis berita
host-news-text = Setiap keluarga membacanya pada jemputan mereka.
host-news-mail = Tulis mesej juga
host-news-none = Belum ada berita.
host-news-title = Tajuk
host-news-body = Teks
host-news-shown = Siapa yang melihatnya, dan di mana
host-news-pinned = Disemat
host-news-pinned-hint = Berada sebelum berita yang lebih baharu.
host-news-published = Tetamu boleh melihatnya
host-news-published-hint = Matikan untuk menariknya balik serta-merta.
host-news-draft = Belum diterbitkan
host-news-since = Tetamu melihatnya sejak { $day }
host-remove-news = Padam berita ini
host-remove-news-effect = Tetamu tidak melihatnya lagi.
host-log-news-created = menulis berita
host-log-news-changed = mengubah berita
host-log-news-removed = memadam berita

## Is it ready?

host-ready = Sudah sedia?
host-ready-open = { $n } perkara belum selesai
host-ready-all = Semuanya sudah sedia untuk { $title }.
host-ready-all-text = Tiada perkara yang belum selesai sekarang. Halaman ini mengira semula setiap kali anda membukanya.
host-ready-over = Hari itu sudah berlalu, dan tiada lagi perkara yang belum selesai.
host-ready-more = dan { $n } lagi
host-ready-draft = Ini masih draf: tetamu belum boleh membuka jemputan mereka.
host-ready-private-address = Pautan dan kod QR hanya berfungsi pada komputer ini atau rangkaiannya, jadi tiada tetamu dapat membukanya. Minta pengendali laman memberinya alamat awam.
host-ready-no-invitations = Belum ada sesiapa dijemput.
host-ready-no-place = Tempat dan alamat belum diberikan untuk { $of }.
host-ready-no-contact = Tetamu tidak dapat melihat siapa yang boleh ditanya jika ada pertanyaan.
host-ready-no-deadline = Tiada hari terakhir untuk menjawab.
host-ready-deadline-passed = Hari terakhir untuk menjawab sudah berlalu, dan { $n } keluarga belum memberi jawapan penuh.
host-ready-texts-missing = { $of }: { $n } teks belum ditulis ({ $languages }).
host-ready-news = { $n } berita sudah ditulis tetapi belum diterbitkan.
host-ready-unreachable = { $n } keluarga belum menjawab, dan anda tiada alamat atau nombor untuk menghubungi mereka.
host-ready-mail-fails = E-mel tidak sampai kepada { $n } keluarga.
host-ready-not-sent = { $n } jemputan belum dihantar.
host-ready-owing = { $n } keluarga sudah menerima jemputan tetapi belum menjawab semuanya.
host-home-cancelled = { $event } telah dibatalkan. Tetamu melihatnya, dan jawapan disimpan.
host-ready-moved = { $n } keluarga belum tahu apa yang berubah: { $of }.
host-ready-do-tell = Beritahu mereka
host-ready-do-pictures = Lihat semuanya
host-ready-unapproved = { $n } jawapan tanpa kod menunggu kelulusan anda.
host-ready-waiting = { $n } keluarga dalam senarai menunggu: { $of }.
host-ready-meal-open = { $n } tetamu belum membuat pilihan: { $of }
host-ready-unthanked = { $n } keluarga memberi hadiah dan belum menerima ucapan terima kasih
host-ready-unthanked-coming = Ucapkan terima kasih kepada { $n } keluarga
host-ready-pictures = { $n } gambar menunggu anda
host-ready-see = Lihat siapa
host-ready-do-place = Tambah tempat
host-ready-do-contact = Tambah orang untuk dihubungi
host-ready-do-deadline = Tetapkan hari terakhir
host-ready-do-later = Pilih hari yang lebih lewat
host-ready-do-texts = Tulis teks
host-ready-do-news = Lihat berita
host-ready-do-send = Hantar
host-ready-do-remind = Ingatkan
host-ready-do-seats = Ubah bilangan tempat

# The menu.
host-group-guests = Tetamu
host-group-invitation = Jemputan
host-group-send = Hantar
host-group-answers = Jawapan
host-menu-open-rsvp = Jawapan tanpa kod
host-menu-look = Rupa dan gambar
host-menu-words = Kata-kata
host-menu-questions = Soalan dan hidangan
host-menu-diets = Pilihan makanan
host-menu-send = Jemputan
host-menu-general = Umum
host-menu-state = Terbitkan atau tutup
host-menu-see = Lihat seperti tetamu
host-see-about = Inilah yang dilihat oleh keluarga yang anda jemput; nama dan kod di sini rekaan.
host-see-public = Lihat apa yang dilihat orang lain
host-menu-unsent = { $n } belum dihantar
host-menu-no-deadline = Tiada hari terakhir
host-kitchen-menu = Makanan dan dapur
host-occasions-all = Semua majlis

## Households that are perhaps one

host-twins = Mungkin dua kali dalam senarai anda
host-twins-people = “{ $one }” dan “{ $other }” mempunyai orang yang sama: { $names }
host-twins-phone = “{ $one }” dan “{ $other }” mempunyai nombor telefon yang sama. Mesej kepada kedua-duanya pergi ke satu telefon.
host-twins-effect = Jika kedua-duanya satu keluarga, gabungkan: “{ $one }” kekal, dengan semua orang dan semua jawapan. Kod “{ $other }” juga membukanya.
host-twins-merge = Gabungkan
host-twins-apart = Kedua-duanya keluarga berasingan

## Help

host-help = Bantuan
host-help-send = Bagaimana saya menghantar jemputan?
host-help-send-answer = Buka “Hantar”. Setiap keluarga ada di situ dengan cara ia dapat dihubungi: WhatsApp, SMS, e-mel atau kad bercetak. Tekan butang pada satu baris, dan mesej terbuka dengan semua isinya.
host-help-owing = Siapa belum menjawab?
host-help-owing-answer = Di bawah “Hantar”, satu halaman menyatakan bagi setiap keluarga sebab belum ada jawapan, dengan satu butang yang membantu.
host-help-owing-do = Mereka yang belum menjawab
host-help-no-phone = Seorang tetamu tiada telefon dan tiada e-mel. Bagaimana?
host-help-no-phone-answer = Cetak kad untuknya. Kad itu ada kod untuk ditaip, dan petak yang dapat diimbas dengan telefon. Atau tanya sendiri, dan masukkan jawapannya.
host-help-called = Tetamu memberitahu jawapannya kepada saya. Di mana saya memasukkannya?
host-help-called-answer = Buka keluarga itu, pilih ya atau tidak bagi setiap orang, dan simpan. Tetamu yang tidak dapat menggunakan halaman itu tidak perlu berbuat apa-apa.
host-help-day = Bagaimana saya menukar hari, masa atau tempat?
host-help-day-answer = Buka acara itu, ubah dan simpan. Kemudian kami bertanya sama ada tetamu perlu diberitahu, dan menulis mesejnya untuk anda. Jawapan kekal.
host-help-look = Apakah yang dilihat tetamu saya?
host-help-look-answer = Lihat sendiri halaman mereka. Apa yang anda tekan di situ tidak disimpan.
host-help-print = Bagaimana saya mencetak kad, label atau senarai untuk pintu?
host-help-print-answer = Semuanya ada di bawah “Cetak”. Pilih yang anda perlukan, kemudian cetak daripada pelayar anda.
host-help-table = Siapa duduk di meja mana?
host-help-table-answer = Buka sebuah keluarga, kemudian “Sunting”, dan tulis nombor dalam “Meja” di bawah “Lagi”. Lajur dalam senarai yang diimport melakukannya untuk semua. Kad tempat duduk dan senarai di pintu menunjukkan meja.
host-help-food = Siapa makan apa?
host-help-food-answer = “Makanan dan dapur” mengira hidangan dan keperluan makanan semua yang hadir, dan membuat senarai untuk katering. Apa yang anda tanya ada di bawah “Soalan dan hidangan”.
host-help-thanks = Bagaimana saya mengucapkan terima kasih?
host-help-thanks-answer = Mulai pagi selepas majlis, “Hantar” menawarkan mesej kepada semua yang hadir dan semua yang memberi sesuatu; mesej itu boleh menyebut hadiahnya. Catat apa yang tiba di bawah “Hadiah”.
host-help-pictures = Di mana gambar?
host-help-pictures-answer = Di bawah “Gambar”. Hidupkan di situ, dan tetamu boleh menghantar gambar mereka; anda memilih yang mana dilihat semua orang, dan menambah gambar anda sendiri.
host-help-words = Bolehkah saya menulis dengan kata-kata sendiri?
host-help-words-answer = Boleh. Sebelum itu, tetamu membaca teks kami. Jika anda mengosongkan satu teks, teks kami kembali.
host-help-who = Siapa yang dapat membantu saya?
host-help-owners = Mereka merancang majlis ini bersama anda dan boleh mengubah semuanya:
host-help-administrators = Mereka menguruskan laman ini:
host-help-nobody = Tanya orang yang memberikan alamat laman ini kepada anda.
