## Mails from hosts. The built-in texts; names in braces are replaced for each household.

mail-save-the-date-subject = Simpan tarikh ini: { $occasion_title }
mail-save-the-date-body =
    Sudilah kiranya mengosongkan hari ini untuk kami; kehadiran anda amat kami harapkan.

    { $occasion_title }
    { $occasion_date }
    { $venue }

    Jemputan akan menyusul.

    Salam mesra,
    { $hosts }
mail-invitation-subject = Jemputan: { $occasion_title }
mail-invitation-body =
    Dengan penuh kesyukuran, kami menjemput anda sekeluarga. Kehadiran anda amat bermakna buat kami.

    Semua maklumat ada di halaman anda sendiri, dan di situ juga anda boleh memberitahu kami siapa yang akan hadir:

    { $rsvp_link }

    Mohon jawapan selewat-lewatnya pada { $rsvp_deadline }.

    Kami menantikan kehadiran anda.
    { $hosts }
mail-reminder-subject = Peringatan mesra: { $occasion_title }
mail-reminder-body =
    { $still_open } Hanya seminit sahaja:

    { $rsvp_link }

    Hari terakhir untuk menjawab ialah { $rsvp_deadline }.

    Jika anda baru sahaja menjawab, abaikan e-mel ini. Terima kasih!
    { $hosts }
mail-thanks-subject = Terima kasih daripada { $hosts }
mail-thanks-body =
    { $thanks_for_coming }

    Kebaikan anda amat menyentuh hati kami, dan akan kami kenang selalu.

    Terima kasih atas hadiah anda: { $gift }

    Gambar hari itu ada di sini: { $pictures_link }

    Dengan ingatan tulus ikhlas,
    { $hosts }
mail-moved-subject = { $occasion_title }: { $news }
gift-of-money = wang
mail-letter-why = Anda menerima e-mel ini kerana { $hosts } menjemput { $household }. Bukan anda? Sila maklumkan kepada { $contact }.
mail-letter-why-plain = Anda menerima e-mel ini kerana { $hosts } menjemput { $household }.
mail-letter-unsubscribe = Jangan hantar e-mel seperti ini lagi
mail-status-unanswered = belum dijawab
mail-status-partial = dijawab sebahagian
mail-status-complete = sudah dijawab
