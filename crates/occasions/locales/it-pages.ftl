page-story = La nostra storia
page-travel = Come arrivare
page-stay = Dove alloggiare
page-questions = Domande e risposte
page-other = Un’altra pagina
page-links = Informazioni utili
question-meal = Per { $event }: solo se venite.
question-meal-required = Per { $event }: necessaria per chi viene.
