"""Made-up names of X-rays, of which it is known whose they are: for tests."""

from hypothesis import strategies as st

# (class, a name for the number of a patient and of an image). Patients of one scheme
# are told apart by the number; those of different schemes are different people.
SCHEMES = {
    "bacteria 2": ("PNEUMONIA", "person{p}_bacteria_{i}"),
    "virus 2": ("PNEUMONIA", "person{p}_virus_{i}"),
    "normal 2": ("NORMAL", "IM-{p:04d}-{i:04d}"),
    "normal 2, twice": ("NORMAL", "IM-{p:04d}-0001-{i:04d}"),
    "normal 2, another": ("NORMAL", "NORMAL2-IM-{p:04d}-{i:04d}"),
    "bacteria 3": ("PNEUMONIA", "BACTERIA-{p}008087-{i:04d}"),
    "virus 3": ("PNEUMONIA", "VIRUS-{p}008087-{i:04d}"),
    "normal 3": ("NORMAL", "NORMAL-{p}008087-{i:04d}"),
    "nih": ("NORMAL", "{p:08d}_{i:03d}"),
    "chexpert": ("PNEUMONIA", "patient{p:05d}/study{i}/view1_frontal"),
    "chexpert, flat": ("NORMAL", "patient{p:05d}_study{i}_view2_lateral"),
    "mimic": ("PNEUMONIA", "p10/p1{p:07d}/s5{i:07d}/02aa804e-bde0afdd-112c0b34"),
    "bids": ("NORMAL", "sub-S{p:05d}_ses-E{i:05d}_run-1_bp-chest_vp-ap_dx"),
}
PEOPLE = {
    "bacteria 2": "person",
    "virus 2": "person",
    "normal 2": "IM",
    "normal 2, twice": "IM",
    "normal 2, another": "IM2",
    "bacteria 3": "version 3",
    "virus 3": "version 3",
    "normal 3": "version 3",
    "chexpert": "chexpert",
    "chexpert, flat": "chexpert",
}
BEFORE = ("", "Copy of ", "aug_", "aug3_", "aug_12_", "hflip-", "rot90_", "clahe_")
BEFORE += ("horizontal_flip_", "brightness0.8_", "Augmented (3) ")
AFTER = ("", " (1)", "_aug3", " copy", " - Copy (2)", "-flip", "_rot90", "_0_1234")
AFTER += ("_1_8765432", "_jpeg.rf.0123abcd", "copy", "(2)", "aug3", "~1")
SUFFIXES = (".jpeg", ".JPG", ".png")
NAMELESS = (
    *("aug_0_1234", "_3_991", "image", "IMG_0001", "20200101_001", "x-ray 12"),
    *("0004cfab-14fd-4e49-80ba-63a80b6bddd6", "CXR1_1_IM-0001-3001", "COVID-12"),
    "216840111366964012339356563862009041122518701_00-050-027",
    *("person_bacteria", "normal-12-3", "img_00000012_003", "view1_frontal"),
    *("00099999_001", "IM-0001-0001_IM-0002-0001", "person", "patient1", "sub-1"),
    "mixup person1_bacteria_1 person2_virus_4",
)


@st.composite
def files(draw, nameless=False):
    """A file: its class, its path below the class, and whose it is, or None."""
    after, suffix = draw(st.sampled_from(AFTER)), draw(st.sampled_from(SUFFIXES))
    if nameless and draw(st.booleans()):
        stem = draw(st.sampled_from(NAMELESS))
        label = draw(st.sampled_from(["NORMAL", "PNEUMONIA"]))
        if "person1_" in stem or stem.startswith("IM-"):  # which tell a class
            label = "PNEUMONIA" if "person1_" in stem else "NORMAL"
        return label, f"{stem}{suffix}", None
    scheme = draw(st.sampled_from(sorted(SCHEMES)))
    p, i = draw(st.integers(1, 6)), draw(st.integers(1, 40))
    label, pattern = SCHEMES[scheme]
    *folders, stem = pattern.format(p=p, i=i).split("/")
    before = "" if folders else draw(st.sampled_from(BEFORE))
    case = draw(st.sampled_from([str, str.lower, str.upper]))
    path = "/".join([*folders, f"{before}{case(stem)}{after}{suffix}"])
    return label, path, (PEOPLE.get(scheme, scheme), p)
