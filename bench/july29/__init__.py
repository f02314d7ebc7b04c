"""`make drill-july29`: the night of 3,500 house parties and 100,000 RSVPs, at its real size."""
