"""MoCo: a view finds its key among those of a queue, which a momentum copy makes."""
